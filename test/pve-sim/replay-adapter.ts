// Adapter of the simulator for the recordings' replay tool: a world that starts as the recorded hosts did.
//   node ../shared/tools/replay-traces.mjs --adapter test/pve-sim/replay-adapter.ts --version 9.1.9
import { BUILTIN_ROLES } from '#pve-sim/access/builtin-roles';
import type { ClusterData } from '#pve-sim/clusters/cluster-data';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import type { StorageState } from '#pve-sim/world/world';
import { act, type HostAction } from './host-actions.ts';

const GIB = 1024 ** 3;
const TIME_SCALE = 10;
/** The recordings' own token and password. */
const ROOT_TOKEN = { id: 'root@pam!test', secret: '11111111-2222-4333-8444-555555555555' };
const ROOT_PASSWORD = 'pvetest1';
/** When the single host's status daemon made its rounds, as far as the recordings tell. */
const STATUS_PHASE_MS = 16_200;

const LOCAL: Omit<StorageState, 'disabled'> = {
  id: 'local',
  type: 'dir',
  shared: false,
  content: ['backup', 'images', 'import', 'iso', 'rootdir', 'snippets', 'vztmpl'],
  path: '/var/lib/vz',
  totalBytes: 500 * GIB,
  bytesPerSecond: 16 * GIB,
  defaultFormat: 'raw',
};

/** The small Linux that the recorded guests booted. */
const TINY = {
  hostname: '(none)',
  address: '192.0.2.50/24',
  release: {},
  kernel: { 'kernel-release': '6.1.0-56-cloud-amd64', 'kernel-version': '#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2' },
  programs: ['/bin/sh', '/bin/cat', '/bin/echo', '/bin/sleep'],
  mounts: [],
};

/** The API listened on 127.0.0.1 alone, so that its host refused whoever came over the network. */
const HERE = { ip: '192.0.2.10', refuses: true };

function recordedCluster(topology: string): ClusterData {
  const isSingle = topology === 'one-node';
  const names = isSingle ? ['pve'] : ['pve1', 'pve2'];
  return {
    name: isSingle ? undefined : 'testclu',
    pve: '9.1',
    nodes: names.map((name, index) => ({
      name,
      ip: `192.0.2.${index + 10}`,
      cpus: 8,
      memoryBytes: 16 * GIB,
      virtualisation: 'emulated',
      bridges: [
        {
          iface: 'vmbr0',
          vlanAware: false,
          ports: '',
          cidr: `192.0.2.${index + 10}/24`,
          gateway: '192.0.2.1',
        },
      ],
      resolver: { nameservers: ['192.0.2.1'], search: ['test.invalid'] },
      qemu: '7.2.22',
      systemd: false,
      cgroupMode: 1,
    })),
    storages: [LOCAL],
    guests: [],
    containers: [],
    pools: [],
    isos: [{ storage: 'local', name: 'tiny.iso', sizeBytes: 19_294_208, system: TINY }],
    otherHosts: isSingle ? { 'pve.test.invalid': HERE } : { pve3: { ip: '192.0.2.12', refuses: false } },
  };
}

interface Recording {
  /** `8.4.21` */
  readonly version: string;
  readonly topology: string;
  /** Recorded on a newly installed host; otherwise others had run there before. */
  readonly fresh: boolean;
}

/** The tasks of earlier guests, which were cleaned up: they count in totals, and their ids are used again. */
async function leaveHistory({ sim, nodes }: Simulator): Promise<void> {
  for (const { name: node } of nodes)
    for (const id of ['100', '101', '102'])
      for (const type of ['qmcreate', 'qmdestroy'])
        await sim.tasks.ended(sim.tasks.fork({ node, type, id, user: ROOT_TOKEN.id }, async () => {}));
}

/** What the tool calls for each scenario. */
export async function start({ version, topology, fresh }: Recording) {
  const simulator = await startSimulator({
    cluster: recordedCluster(topology),
    profile: version.split('.').slice(0, 2).join('.'),
    timeScale: TIME_SCALE,
    durations: {
      allocateVolumeMs: 280,
      allocateCloudInitMs: 20,
      // qemu-img there let a limited copy run ahead: 64 MiB at 16 MiB/s took 2.1 s (recording one-node/85).
      copyBurstMs: 1625,
      freeVolumeMs: 10,
      cloneSetupMs: 5,
      // What a call took there, with its way through both daemons.
      forkMs: 60,
      startMs: 250,
      startNicMs: 650,
      stopMs: 100,
      rebootGapMs: 1000,
      linkedCloneMs: 20,
      ...(topology === 'one-node' ? { statusPhaseMs: STATUS_PHASE_MS } : {}),
    },
  });
  const { access, ha } = simulator.world;
  ha.managers = [];
  access.users = {
    'root@pam': { enabled: true, password: ROOT_PASSWORD, details: { email: 'root@example.invalid' } },
  };
  access.acl = [];
  access.roles = { ...BUILTIN_ROLES };
  access.tokens = { [ROOT_TOKEN.id]: { secret: ROOT_TOKEN.secret, privsep: false } };
  if (!fresh) await leaveHistory(simulator);
  return {
    endpoints: Object.fromEntries(simulator.nodes.map(({ name, url }) => [name, url])),
    ca: simulator.ca,
    rootPassword: ROOT_PASSWORD,
    rootToken: ROOT_TOKEN.secret,
    timeScale: TIME_SCALE,
    host: async (step: { readonly host: HostAction }) => await act(simulator, step.host),
    stop: async () => await simulator.stop(),
  };
}
