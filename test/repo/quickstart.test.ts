import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { normaliseVm } from '#crd/normalise';
import { readManifests, type Wanted } from '#cli/start/manifests';
import { bundlesIn } from '../support/bundle.ts';
import { seedIsMissing, seedManifests, seedSkipNote } from '../support/seed-manifests.ts';
import { decodeCreate, encodeCreate } from '#rpc/payload/create';

function example(name: string): string {
  return readFileSync(join(import.meta.dirname, `../../examples/${name}.yaml`), 'utf8');
}

/** What the documentation leaves out, and a VM cannot do without. */
const ADDED: Readonly<Record<string, object>> = {
  'proxmox-cluster': { credentialSecretRef: { name: 'pve-credentials' } },
};

describe.skipIf(seedIsMissing)(`the examples${seedSkipNote}`, () => {
  const shown = ['web-server', 'quickstart', 'scale-up'].flatMap((name) => readManifests(example(name)));
  const specs = (objects: readonly Wanted[]): string[] =>
    objects.map(({ object }) => JSON.stringify([object.kind, object.metadata.name, object['spec']]));

  it('are the objects of the documentation, and those it leaves undefined', () => {
    const documented = seedManifests()
      .flatMap(({ text }) => readManifests(text))
      .map((one) => {
        const added = ADDED[one.object.metadata.name] ?? {};
        const { type, endpoint, ...others } = one.object['spec'] as Record<string, unknown>;
        const spec = 'credentialSecretRef' in added ? { type, endpoint, ...added, ...others } : one.object['spec'];
        return { ...one, object: { ...one.object, spec } };
      });
    const left = specs(documented).filter((spec) => !specs(shown).includes(spec));
    expect(left).toEqual([]);
    expect(shown).toHaveLength(documented.length + 4);
  });
});

describe('the one path from a manifest to a request', () => {
  const text = example('web-server');
  const vms = bundlesIn(text).map(normaliseVm);

  it('gives the provider what the documented web-server says', () => {
    expect(vms).toHaveLength(1);
    const { spec, powerState, owner } = vms[0] ?? {};
    expect({ powerState, owner }).toEqual({ powerState: 'On', owner: { name: 'web-server', namespace: 'default' } });
    expect(spec).toMatchObject({
      name: 'web-server',
      image: { kind: 'template', ref: 'ubuntu-22-template' },
      size: { cpus: 2, memoryMib: 4096, firmware: 'uefi', machine: 'q35' },
      networks: [{ name: 'lan' }],
      disks: [{ name: 'root', sizeGib: 40 }],
    });
    expect(new TextDecoder().decode(spec?.userData)).toMatch(/^#cloud-config\nhostname: web-server\n/);
  });

  it.each(vms.map(({ spec }) => [spec.name, spec] as const))('loses nothing of %s on the wire', (_name, spec) => {
    expect(decodeCreate(encodeCreate(spec))).toEqual(spec);
  });
});
