// The program killed again and again while thirty VMs live their lives: API, manager and provider in one process, as whoever has no
// Kubernetes runs it. The moments are of a seed, and hang on what is done, not on a time: at a call that Proxmox VE has worked on, at
// a write of Proxmox VE, at a write of the API.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type JournalEntry } from '#pve-sim/journal';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import { type KubeUser, startKubeUser } from '../support/kube-user.ts';
import { type ManagerProcess, SERVES, startManagerProcess } from '../support/manager-processes.ts';
import { isTaskPoll } from '../support/moments.ts';
import { seeded } from '../support/random.ts';
import { BASICS, manifest, vmManifest } from '../support/vm-manifests.ts';
import { claimedVms, simWorld, strayVolumes } from '../support/world.ts';

const SEED = 9;
const KILLS = 50;
const VMS = 30;
const KILLS_PER_VM = 1.5;
/** Else nothing may happen at which it could end. */
const LEAST_ALIVE = 2;
const LOOK_MS = 50;
/** Of both sides, which measure times of each other; slow enough for what a busy machine takes to answer. */
const TIME_SCALE = 20;
const PATIENCE_MS = 1_200_000;

const random = seeded(SEED);

/** The next end of the process: after so many of these. */
interface Moment {
  readonly of: 'calls' | 'writes' | 'changes';
  left: number;
}

const folder = mkdtempSync(join(tmpdir(), 'manager-sigkills-'));
let sim: Simulator;
let manager: ManagerProcess;
let user: KubeUser;
let armed: Moment | undefined;

function count(of: Moment['of']): void {
  if (armed?.of !== of) return;
  armed.left -= 1;
  if (armed.left > 0) return;
  armed = undefined;
  manager.kill('SIGKILL');
}

function onCall({ method, path }: JournalEntry): void {
  if (!isTaskPoll(path)) count('calls');
  if (method !== 'GET') count('writes');
}

const start = (port: number): ManagerProcess =>
  startManagerProcess([
    '--standalone',
    `--data-dir=${join(folder, 'data')}`,
    `--listen=127.0.0.1:${port}`,
    `--map-endpoint=https://pve.example.com:8006=${sim.nodes[0]?.url}`,
    `--map-ca=${join(folder, 'ca.pem')}`,
    `--time-scale=${TIME_SCALE}`,
  ]);

beforeAll(async () => {
  sim = await startSimulator({ timeScale: TIME_SCALE, latency: false, record: onCall });
  writeFileSync(join(folder, 'ca.pem'), sim.ca);
  manager = start(0);
  await manager.said(SERVES);
  user = await startKubeUser(join(folder, 'data', 'kubeconfig'), PATIENCE_MS);
  user.onChange(() => count('changes'));
});
afterAll(async () => {
  await user.close();
  manager.kill('SIGTERM');
  await manager.ended;
  await sim.stop();
  rmSync(folder, { recursive: true });
});

const USER_DATA = { userData: { cloudInit: { inline: '#!/bin/sh\n' } } };

/** What has to be there in the end, by the name of its VirtualMachine. */
interface Expected {
  readonly memory: string;
  readonly running: boolean;
  readonly snapshots: readonly string[];
  readonly disks: number;
  readonly nics: number;
}

const PLAIN: Expected = { memory: '2048', running: true, snapshots: [], disks: 1, nics: 1 };

type Life = (name: string) => Promise<Readonly<Record<string, Expected>>>;

/** Made, changed and switched off, switched on again. */
const changed: Life = async (name) => {
  await user.apply(vmManifest(name, USER_DATA));
  await user.untilReady('VirtualMachine', name);
  await user.apply(vmManifest(name, { ...USER_DATA, classRef: { name: 'large' }, powerState: 'Off' }));
  await user.untilReady('VirtualMachine', name);
  await user.apply(vmManifest(name, { ...USER_DATA, classRef: { name: 'large' }, powerState: 'On' }));
  await user.untilReady('VirtualMachine', name);
  return { [name]: { ...PLAIN, memory: '4096' } };
};

/** Two snapshots: back to the first, which goes then. */
const snapshotted: Life = async (name) => {
  await user.apply(vmManifest(name));
  await user.untilReady('VirtualMachine', name);
  const snapshot = (which: string, metadata: object = {}): string =>
    manifest('VMSnapshot', `${name}-${which}`, { vmRef: { name } }, metadata);
  await user.apply(snapshot('one'));
  await user.untilReady('VMSnapshot', `${name}-one`);
  await user.apply(snapshot('one', { annotations: { 'virtrigaud.io/revert-requested-at': 'now' } }));
  await user.until('VMSnapshot', `${name}-one`, ({ status }) => isHandled(status['revert']));
  await user.apply(snapshot('two'));
  await user.untilReady('VMSnapshot', `${name}-two`);
  await user.delete('VMSnapshot', `${name}-one`);
  await user.untilGone('VMSnapshot', `${name}-one`);
  await user.untilReady('VirtualMachine', name);
  return { [name]: { ...PLAIN, snapshots: [`${name}-two`] } };
};

function isHandled(revert: unknown): boolean {
  return (revert as { handled?: string } | undefined)?.handled === 'now';
}

/** Gets a disk, a larger one and a NIC. */
const grown: Life = async (name) => {
  const nic = { name: 'lan' };
  await user.apply(vmManifest(name, { networks: [nic] }));
  await user.untilReady('VirtualMachine', name);
  const disks = [{ name: 'data', size: '1Gi' }];
  await user.apply(vmManifest(name, { networks: [nic], disks }));
  await user.untilReady('VirtualMachine', name);
  await user.apply(vmManifest(name, { networks: [nic, { name: 'dmz' }], disks: [{ name: 'data', size: '2Gi' }] }));
  await user.untilReady('VirtualMachine', name);
  return { [name]: { ...PLAIN, disks: 2, nics: 2 } };
};

/** Copied to another, which is changed; the first one goes. */
const cloned: Life = async (name) => {
  const copy = `${name}-copy`;
  await user.apply(vmManifest(name, USER_DATA));
  await user.untilReady('VirtualMachine', name);
  await user.apply(manifest('VMClone', copy, { sourceVMRef: { name }, customization: USER_DATA }));
  await user.untilReady('VMClone', copy);
  await user.untilReady('VirtualMachine', copy);
  await user.delete('VirtualMachine', name);
  await user.untilGone('VirtualMachine', name);
  await user.delete('VMClone', copy);
  await user.untilGone('VMClone', copy);
  return { [copy]: PLAIN };
};

/** Deleted at some point of its making, and made again under the same name; every other one is deleted once more. */
const replaced: Life = async (name) => {
  const isBegun = ({ status }: { status: Readonly<Record<string, unknown>> }): boolean =>
    status['createRequested'] === true;
  await user.apply(vmManifest(name, USER_DATA));
  await user.until('VirtualMachine', name, isBegun);
  await user.delete('VirtualMachine', name);
  await user.untilGone('VirtualMachine', name);
  await user.apply(vmManifest(name, { ...USER_DATA, classRef: { name: 'large' } }));
  await user.untilReady('VirtualMachine', name);
  if (name.endsWith('0') || name.endsWith('2') || name.endsWith('4')) return { [name]: { ...PLAIN, memory: '4096' } };
  await user.delete('VirtualMachine', name);
  await user.untilGone('VirtualMachine', name);
  return {};
};

const LIVES: readonly [[string, Life], ...[string, Life][]] = [
  ['changed', changed],
  ['snapshotted', snapshotted],
  ['grown', grown],
  ['cloned', cloned],
  ['replaced', replaced],
];

it(`${KILLS} ends of everything leave each of ${VMS} VMs as it was asked for, once`, async () => {
  const before = new Set(Object.values(sim.world.guests).map(({ vmid }) => vmid));
  const stringData = { token_id: sim.token.id, token_secret: sim.token.secret };
  await user.apply(
    JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'pve-credentials' }, stringData }),
  );
  await user.apply(BASICS);
  let areDone = false;
  let killed = 0;
  let alive = 0;
  const isDue = (index: number): boolean => killed >= index * KILLS_PER_VM || alive < LEAST_ALIVE;
  const begun = Array.from({ length: VMS }, async (_, index) => {
    const [kind, life] = LIVES[index % LIVES.length] ?? LIVES[0];
    // One after the other, so that the last ones still have all before them when the first ones are through.
    while (!isDue(index)) await wait(LOOK_MS);
    alive += 1;
    const outcome = await life(`${kind}-${Math.floor(index / LIVES.length)}`);
    alive -= 1;
    return outcome;
  });
  const lives = Promise.all(begun).finally(() => (areDone = true));
  lives.catch(() => undefined);

  const kills = { calls: 0, writes: 0, changes: 0 };
  const port = Number(new URL(user.api.server).port);
  while (killed < KILLS) {
    const moment = next(killed);
    armed = moment;
    await Promise.race([manager.ended, lives.catch(() => undefined)]);
    if (areDone) break;
    // It never ends by itself.
    expect(armed, manager.lines.join('\n')).toBeUndefined();
    killed += 1;
    kills[moment.of] += 1;
    manager = start(port);
  }
  armed = undefined;
  const expected = Object.assign({}, ...(await lives)) as Readonly<Record<string, Expected>>;
  const copies = tasksOf('qmclone').length;
  console.log(
    `Seed ${SEED}: killed at`,
    kills,
    `${copies} copies for ${Object.keys(expected).length} VMs and those that were deleted`,
  );

  expect(await found(expected, before)).toEqual(expected);
  const backAndForth = { qmsnapshot: 2, qmrollback: 1, qmdelsnapshot: 1 };
  for (const id of idsOf(expected, 'snapshotted')) {
    const done = Object.keys(backAndForth).map((type) => [type, tasksOf(type, id).length]);
    expect(Object.fromEntries(done), `VM ${id}`).toEqual(backAndForth);
  }
  expect(strayVolumes(sim)).toEqual([]);
  expect(killed).toBe(KILLS);
});

/** Tasks that have ended well. */
function tasksOf(type: string, id?: string) {
  return Object.values(sim.world.tasks).filter(
    (task) => task.type === type && task.exitstatus === 'OK' && (id === undefined || task.id === id),
  );
}

function idsOf(expected: Readonly<Record<string, Expected>>, kind: string): string[] {
  const names = Object.keys(expected).filter((name) => name.startsWith(kind));
  return names.map((name) => String(user.object('VirtualMachine', name)?.status['id']));
}

/** Kinds in turn, so that a short run has them all. */
function next(killed: number): Moment {
  const [of, most] = MOMENTS[killed % MOMENTS.length] ?? MOMENTS[0];
  return { of, left: 1 + Math.floor(random() * most) };
}

const MOMENTS: readonly [[Moment['of'], number], ...[Moment['of'], number][]] = [
  ['writes', 12],
  ['calls', 100],
  ['changes', 32],
];

/** What is there, in the words of what is expected; what nobody expects under its id. */
async function found(expected: Readonly<Record<string, Expected>>, before: ReadonlySet<number>) {
  const claimed = await claimedVms(simWorld(sim));
  const named = Object.keys(expected).flatMap((name) => {
    const id = user.object('VirtualMachine', name)?.status['id'];
    const vm = claimed.find(({ vmid }) => String(vmid) === id);
    return vm === undefined ? [] : [[name, vm] as const];
  });
  const known = new Set(named.map(([, { vmid }]) => vmid));
  const others = Object.values(sim.world.guests).filter(({ vmid }) => !known.has(vmid) && !before.has(vmid));
  return {
    ...Object.fromEntries(named.map(([name, vm]) => [name, described(vm)])),
    ...Object.fromEntries(others.map((guest) => [`VM ${guest.vmid}`, guest.config['description'] ?? ''])),
  };
}

function described({ vmid, running, config }: Awaited<ReturnType<typeof claimedVms>>[number]): Expected {
  const slots = (kind: RegExp): number => Object.keys(config).filter((key) => kind.test(key)).length;
  const snapshots = Object.keys(sim.world.guests[vmid]?.snapshots ?? {});
  return { memory: config['memory'] ?? '', running, snapshots, disks: slots(/^scsi\d/), nics: slots(/^net\d/) };
}
