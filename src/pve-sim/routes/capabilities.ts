// What the QEMU of a node can be (recording one-node/20).
import { everybody } from '../access/rules.ts';
import { qemuOfNode } from '../profiles/profile-of-node.ts';
import { perProfile } from '../profiles/profile.ts';
import { cpuModels } from '../schema/cpu-models.ts';
import { nodeParams } from '../schema/endpoint-params.ts';
import { choice, optional, type Schema } from '../schema/property.ts';
import { words } from '../world/words.ts';
import { type Call, type Endpoint, needText } from './endpoint.ts';

const params = perProfile(
  (profile): Schema => ({
    ...nodeParams,
    ...(profile.has('archCapabilities') ? { arch: optional(choice('x86_64', 'aarch64')) } : {}),
  }),
);

export const CAPABILITIES: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/nodes/{node}/capabilities/qemu/cpu',
    stays: true,
    params,
    allow: everybody,
    handle: ({ profile }) => [...cpuModels(profile)].map(([name, vendor]) => ({ name, vendor, custom: 0 })),
  },
  {
    method: 'GET',
    path: '/nodes/{node}/capabilities/qemu/machines',
    params,
    allow: everybody,
    handle: listMachines,
  },
];

const VERSIONS = words(
  '2.4 2.5 2.6 2.7 2.8 2.9 2.10 2.11 2.12 3.0 3.1 4.0 4.1 4.1+pve1 4.1+pve2 4.2 5.0 5.1 5.2 6.0 6.1 6.2 7.0 7.1 7.2',
  '8.0 8.1 8.2 9.0 9.1 9.2 9.2+pve1 10.0 10.0+pve1 10.1 10.2',
);
const CHANGES: Readonly<Record<string, string>> = {
  '4.1+pve1': 'Introduction of pveX versioning, no changes.',
  '4.1+pve2': 'Increases the number of SCSI drives supported.',
};

/** Every version that the installed QEMU still plays. */
function listMachines({ sim, params: sent }: Call): unknown[] {
  const newest = orderOf(qemuOfNode(sim.world, needText(sent, 'node')));
  const versions = VERSIONS.filter((version) => orderOf(version) <= newest);
  return ['i440fx', 'q35'].flatMap((type) =>
    versions.map((version) => {
      const changes = CHANGES[version];
      return { id: `pc-${type}-${version}`, type, version, ...(changes === undefined ? {} : { changes }) };
    }),
  );
}

function orderOf(version: string): number {
  const [major = 0, minor = 0] = version.split(/[.+]/).map(Number);
  return major * 100 + minor;
}
