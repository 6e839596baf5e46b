// What the recordings did beside the API, by the name they give it (the replay tool's README lists them).
import { ageSigningKey } from '#pve-sim/access/signature';
import { issueCredentials } from '#pve-sim/access/tickets';
import { cutNetwork, expectVotes } from '#pve-sim/nodes/power';
import { endRun } from '#pve-sim/qemu/run-end';
import { moveConfig } from '#pve-sim/world/guests';
import { writeSnippet } from '#pve-sim/cloudinit/snippets';
import { addWebServer, type WebFileData } from '#pve-sim/web/web-server';
import type { Simulator } from '#pve-sim/simulator';
import { findWorker } from '#pve-sim/tasks/find-worker';
import type { Guest } from '#pve-sim/world/world';

export interface HostAction {
  readonly action: string;
  readonly vmid?: number;
  readonly lock?: string;
  readonly seconds?: number;
  readonly node?: string;
  readonly volid?: string;
  readonly to?: string;
  readonly nodes?: readonly string[];
  readonly base?: string;
  readonly files?: Readonly<Record<string, WebFileData>>;
  readonly of?: string;
  readonly text?: string;
  readonly user?: string;
  readonly age_s?: number;
  readonly hours?: number;
}

type Act = (simulator: Simulator, host: HostAction) => unknown;

const ACTIONS: Readonly<Record<string, Act>> = {
  'set-lock': (simulator, { vmid, lock = '' }) => {
    guestOf(simulator, vmid).config['lock'] = lock;
  },
  'clear-lock': (simulator, { vmid }) => {
    delete guestOf(simulator, vmid).config['lock'];
  },
  'guest-poweroff': (simulator, { vmid }) => endRun(guestOf(simulator, vmid)),
  'kill-vm-process': (simulator, { vmid }) => endRun(guestOf(simulator, vmid)),
  'guest-crash': (simulator, { vmid }) => endRun(guestOf(simulator, vmid)),
  'hold-lock': async (simulator, { lock = '', seconds = 0 }) => {
    await simulator.holdLock(lock, seconds * 1000);
  },
  'place-container-config': ({ world, nodes }, { vmid = 0 }) => {
    world.guests[vmid] = container(vmid, nodes[0]?.name ?? '');
  },
  'remove-container-config': ({ world }, { vmid = 0 }) => {
    delete world.guests[vmid];
  },
  'write-snippet': ({ world, nodes, clock }, { volid = '', text = '' }) => {
    writeSnippet(world, nodes[0]?.name ?? '', volid, text, Math.floor(clock.now() / 1000));
  },
  'remove-volume-file': ({ world }, { volid = '' }) => {
    for (const key of Object.keys(world.volumes)) if (key.endsWith(`/${volid}`)) delete world.volumes[key];
  },
  'kill-task-worker': async (simulator, { of = '' }) => await killAtWork(simulator, of),
  'mint-ticket': ({ sim }, { user = '', age_s: age = 0 }) => issueCredentials(sim, user, age),
  'age-signing-key': ({ sim }, { hours = 0 }) => ageSigningKey(sim, hours),
  'shared-directory': () => {},
  'web-server': ({ world }, { base = '', files = {} }) => addWebServer(world, base, files),
  'ha-manager-running': ({ world }, { nodes = [] }) => {
    world.ha.managers = [...nodes];
  },
  'node-off': async (simulator, { node = '' }) => await simulator.setNodeOnline(node, false),
  'node-on': async (simulator, { node = '' }) => await simulator.setNodeOnline(node, true),
  'expect-one-vote': ({ sim }, { node = '' }) => expectVotes(sim, node, 1),
  'cut-network': ({ sim, nodes }) =>
    cutNetwork(
      sim,
      nodes.map(({ name }) => [name]),
    ),
  'heal-network': ({ sim }) => cutNetwork(sim, []),
  'api-daemon-stopped': async (simulator, { node = '' }) => await simulator.setDaemon(node, 'api', 'stopped'),
  'api-daemon-started': async (simulator, { node = '' }) => await simulator.setDaemon(node, 'api', 'running'),
  'api-daemon-frozen': async (simulator, { node = '' }) => await simulator.setDaemon(node, 'api', 'frozen'),
  'api-daemon-thawed': async (simulator, { node = '' }) => await simulator.setDaemon(node, 'api', 'running'),
  'worker-daemon-stopped': async (simulator, { node = '' }) => await simulator.setDaemon(node, 'worker', 'stopped'),
  'worker-daemon-started': async (simulator, { node = '' }) => await simulator.setDaemon(node, 'worker', 'running'),
  'copy-config-by-hand': ({ world }, { vmid, to = '' }) => {
    moveConfig(world, vmid ?? 0, to);
  },
};

/** @returns what the action gives back, such as a ticket */
export async function act(simulator: Simulator, host: HostAction): Promise<unknown> {
  const action = ACTIONS[host.action];
  if (action !== undefined) return await action(simulator, host);
  throw Object.assign(new Error(`${host.action} is not supported`), { code: 'UNSUPPORTED' });
}

/** Not at once: the recorded worker had begun to copy. */
async function killAtWork({ sim, world, clock }: Simulator, words: string): Promise<void> {
  const task = findWorker(world, words);
  const until = clock.now() + 2000;
  const isCopying = (): boolean => task.log.some((line) => line.startsWith('transferred'));
  while (!isCopying() && clock.now() < until) await clock.sleep(20);
  sim.tasks.kill(task.upid);
}

function guestOf(simulator: Simulator, vmid = 0): Guest {
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
    cloudinit: {},
    snapshots: {},
    run: undefined,
    behaviour,
  };
}
