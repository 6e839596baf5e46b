// Adapter of the simulator for the recordings' replay tool: a world that starts as the recorded hosts did.
//   node ../shared/tools/replay-traces.mjs --adapter test/pve-sim/replay-adapter.ts --version 9.1.9
import type { ClusterData } from '#pve-sim/clusters/cluster-data';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import type { Guest, StorageState } from '#pve-sim/world/world';

const GIB = 1024 ** 3;
const TIME_SCALE = 10;
/** The recordings' own token and password. */
const ROOT_TOKEN = { id: 'root@pam!test', secret: '11111111-2222-4333-8444-555555555555' };
const ROOT_PASSWORD = 'pvetest1';

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

function recordedCluster(topology: string): ClusterData {
  const isSingle = topology === 'one-node';
  const names = isSingle ? ['pve'] : ['pve1', 'pve2'];
  const bridges = [{ iface: 'vmbr0', vlanAware: false, ports: '' }];
  return {
    name: isSingle ? undefined : 'testclu',
    pve: '9.1',
    nodes: names.map((name, index) => ({
      name,
      ip: `192.0.2.${index + 10}`,
      cpus: 8,
      memoryBytes: 16 * GIB,
      bridges,
    })),
    storages: [LOCAL],
    guests: [],
    containers: [],
    pools: [],
    isos: [{ storage: 'local', name: 'tiny.iso', sizeBytes: 19_294_208 }],
    macPrefix: 'BC:24:11',
  };
}

interface Recording {
  readonly topology: string;
}

/** What the tool calls for each scenario. */
export async function start({ topology }: Recording) {
  const simulator = await startSimulator({
    cluster: recordedCluster(topology),
    timeScale: TIME_SCALE,
    durations: {
      allocateVolumeMs: 20,
      freeVolumeMs: 10,
      cloneSetupMs: 20,
      startMs: 400,
      stopMs: 100,
      linkedCloneMs: 20,
    },
  });
  const { access } = simulator.world;
  access.users = { 'root@pam': { enabled: true } };
  access.acl = [];
  access.tokens[ROOT_TOKEN.id] = { secret: ROOT_TOKEN.secret, privsep: false };
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

interface HostAction {
  readonly action: string;
  readonly vmid?: number;
  readonly lock?: string;
  readonly seconds?: number;
  readonly node?: string;
  readonly volid?: string;
}

async function act(simulator: Simulator, host: HostAction): Promise<void> {
  const { world } = simulator;
  const vmid = host.vmid ?? 0;
  switch (host.action) {
    case 'set-lock':
      guestOf(simulator, vmid).config['lock'] = host.lock ?? '';
      return;
    case 'clear-lock':
      delete guestOf(simulator, vmid).config['lock'];
      return;
    case 'guest-poweroff':
      guestOf(simulator, vmid).run = undefined;
      return;
    case 'hold-lock':
      await simulator.holdLock(host.lock ?? '', (host.seconds ?? 0) * 1000);
      return;
    case 'place-container-config':
      world.guests[vmid] = container(vmid, simulator.nodes[0]?.name ?? '');
      return;
    case 'remove-container-config':
      delete world.guests[vmid];
      return;
    case 'remove-volume-file':
      for (const key of Object.keys(world.volumes)) if (key.endsWith(`/${host.volid}`)) delete world.volumes[key];
      return;
    case 'shared-directory':
      return;
    case 'node-off':
    case 'node-on':
      await simulator.setNodeOnline(host.node ?? '', host.action === 'node-on');
      return;
    default:
      throw Object.assign(new Error(`${host.action} is not supported`), { code: 'UNSUPPORTED' });
  }
}

function guestOf(simulator: Simulator, vmid: number): Guest {
  const guest = simulator.world.guests[vmid];
  if (guest === undefined) throw new Error(`there is no guest ${vmid}`);
  return guest;
}

function container(vmid: number, node: string): Guest {
  const behaviour = { agent: 'silent', shutdown: 'normal', docker: false } as const;
  return {
    vmid,
    type: 'lxc',
    node,
    config: { hostname: 'ct' },
    pending: {},
    pendingDelete: {},
    snapshots: {},
    run: undefined,
    behaviour,
  };
}
