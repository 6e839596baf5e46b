// Two provider processes on two endpoints of one cluster that are asked for the same VM, while strangers come and go at
// the ids it may have; and many VMs whose providers are killed all the time.
import { slotsFor } from '#claim/slots';
import type { Pve } from '#pve/connection/pve';
import type { Vmid } from '#pve/ids';
import { requireSuccess, settle } from '#pve/tasks';
import type { Simulator } from '#pve-sim/simulator';
import { createClock } from '#runtime/clock';
import { deadlineIn } from '#runtime/deadline';
import type { Flow } from './flow.ts';
import { type ProviderProcess, startProviderProcess } from './processes.ts';
import { createRequest, nic, rootDisk } from './requests.ts';
import { until } from './until.ts';
import { claimedVms, newVolumes } from './world.ts';

const realTime = createClock();

/** Templates on two nodes. */
const TEMPLATES = [
  { name: 'ubuntu-22-template', node: 'pve2' },
  { name: 'debian-12-template', node: 'pve1' },
] as const;

const requestFor = (name: string, template: string): ReturnType<typeof createRequest> =>
  createRequest({
    name,
    image: { TemplateName: template },
    networks: [nic()],
    disks: [rootDisk(40)],
    userData: '#cloud-config\npackages: [nginx]\n',
  });

/** A create may be told to try again, and its provider may be gone; like the manager, its caller asks again. */
async function createUntilDone(
  provider: () => ProviderProcess | undefined,
  name: string,
  template: string,
): Promise<string> {
  const ask = async (): Promise<string> => {
    const answer = await provider()?.client.create(requestFor(name, template));
    return answer?.id ?? '';
  };
  return await until(
    async () =>
      await ask().catch((error: { kind?: string }) => {
        if (!['busy', 'unavailable', 'cancelled', 'internal'].includes(error.kind ?? '')) throw error;
        return '';
      }),
    (id) => id !== '',
  );
}

export interface Racers {
  readonly flow: Flow;
  readonly providers: readonly [ProviderProcess, ProviderProcess];
}

export async function startRacers(flow: Flow): Promise<Racers> {
  const [one, other] = await Promise.all([startProviderProcess(flow.sim, 0), startProviderProcess(flow.sim, 2)]);
  return { flow, providers: [one, other] };
}

/** One round of the race; what is wrong with what came of it, or undefined. */
export async function race(racers: Racers, round: number, random: () => number): Promise<string | undefined> {
  const { flow, providers } = racers;
  const name = `race-${round}`;
  const template = TEMPLATES[round % TEMPLATES.length] ?? TEMPLATES[0];
  const volumes = await flow.world.volumes();
  const over = new AbortController();
  const strangers = comeAndGo(flow.sim, flow.pve, name, random, over.signal);
  const one = createUntilDone(() => providers[0], name, template.name);
  await realTime.sleep(random() * LONGEST_OFFSET_MS);
  const ids = await Promise.all([one, createUntilDone(() => providers[1], name, template.name)]);
  over.abort();
  await strangers;
  const flaw = await flawOf(flow, name, ids, template.node, volumes);
  return flaw === undefined ? undefined : `${name}: ${flaw}`;
}

/** Real ms. A create takes about half a second here. */
const LONGEST_OFFSET_MS = 600;

async function flawOf(
  flow: Flow,
  name: string,
  ids: readonly string[],
  node: string,
  before: readonly string[],
): Promise<string | undefined> {
  const [id = ''] = ids;
  if (ids.some((other) => other !== id)) return `answers ${ids.join(' and ')}`;
  const vms = (await claimedVms(flow.world, name)).map(({ vmid, state, lock }) => [vmid, state, lock].join(' ').trim());
  if (vms.join() !== `${id} ready`) return `VMs ${vms.join(', ')}`;
  const volumes = newVolumes(before, await flow.world.volumes()).map((one) => one.replace(/-[a-z2-7]{12}-\w+/, ''));
  const expected = [`${node}/local-lvm:vm-${id}-disk-0`, `shared:iso/vrtg-${id}.iso`];
  return volumes.join() === expected.join() ? undefined : `volumes ${volumes.join(', ')}`;
}

/** Strangers take ids out of the owner's window and leave them again, with a task or by hand, until it is over. */
async function comeAndGo(
  sim: Simulator,
  pve: Pve,
  owner: string,
  random: () => number,
  over: AbortSignal,
): Promise<void> {
  const slots = slotsFor({ instance: 'test/flow', kind: 'vm', owner }, { low: 100_000, high: 999_999 });
  while (!over.aborted) {
    const vmid = slots[Math.floor(random() * 3)];
    if (vmid !== undefined && sim.world.guests[vmid] === undefined) await visit(sim, pve, vmid, random);
    await realTime.sleep(random() * 20);
  }
}

async function visit(sim: Simulator, pve: Pve, vmid: Vmid, random: () => number): Promise<void> {
  const forever = deadlineIn(Number.POSITIVE_INFINITY);
  const node = 'pve3';
  try {
    requireSuccess(
      await settle(pve, await pve.post(`/nodes/${node}/qemu`, forever, { vmid, name: 'stranger' }), forever),
    );
  } catch {
    // A provider was faster.
    return;
  }
  await realTime.sleep(random() * 60);
  if (random() < 0.5) delete sim.world.guests[vmid];
  else requireSuccess(await settle(pve, await pve.delete(`/nodes/${node}/qemu/${vmid}`, forever), forever));
}

export interface UnderFire {
  readonly kills: number;
  readonly flaws: readonly string[];
}

/** Creates `count` VMs, ten at a time, while one of two providers after the other is killed and started again. */
export async function createUnderFire(flow: Flow, count: number, random: () => number): Promise<UnderFire> {
  const volumes = await flow.world.volumes();
  const providers: (ProviderProcess | undefined)[] = [...(await startRacers(flow)).providers];
  const provider = (): ProviderProcess | undefined => providers[Math.floor(random() * providers.length)];
  let kills = 0;
  const over = new AbortController();
  const killing = (async (): Promise<void> => {
    for (let turn = 0; !over.signal.aborted; turn = 1 - turn) {
      await realTime.sleep(200 + random() * 600);
      const victim = providers[turn];
      providers[turn] = undefined;
      await victim?.kill('SIGKILL');
      kills += 1;
      providers[turn] = await startProviderProcess(flow.sim, turn * 2);
    }
  })();
  const names = Array.from({ length: count }, (_, index) => `fire-${index}`);
  const ids = await inTurn(names, 10, async (name) => await createUntilDone(provider, name, TEMPLATES[0].name));
  over.abort();
  await killing;
  await Promise.all(providers.map(async (one) => await one?.kill('SIGTERM')));
  const flaws = await Promise.all(names.map(async (name, index) => await flawOfOne(flow, name, ids[index] ?? '')));
  const left = newVolumes(volumes, await flow.world.volumes()).filter(
    (one) => !ids.some((id) => one.includes(`-${id}`)),
  );
  return {
    kills,
    flaws: [
      ...flaws.filter((flaw) => flaw !== undefined),
      ...(new Set(ids).size === count ? [] : ['two VMs have one id']),
      ...(left.length === 0 ? [] : [`volumes ${left.join(', ')}`]),
    ],
  };
}

async function flawOfOne(flow: Flow, name: string, id: string): Promise<string | undefined> {
  const vms = (await claimedVms(flow.world, name)).map(({ vmid, state, lock }) => [vmid, state, lock].join(' ').trim());
  return vms.join() === `${id} ready` ? undefined : `${name}: VMs ${vms.join(', ')}`;
}

/** The answers to `ask` for each item, `width` at a time. */
async function inTurn<T, R>(items: readonly T[], width: number, ask: (item: T) => Promise<R>): Promise<R[]> {
  const answers: R[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) {
      const item = items[index];
      if (item !== undefined) answers[index] = await ask(item);
    }
  };
  await Promise.all(Array.from({ length: width }, work));
  return answers;
}
