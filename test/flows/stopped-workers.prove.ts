import { describe, expect, it } from 'vitest';
import { listTasks } from '#pve/nodes/tasks';
import type { NodeName } from '#pve/ids';
import type { ProviderClient } from '#rpc/client';
import { createClock } from '#runtime/clock';
import { deadlineIn } from '#runtime/deadline';
import { type Flow, startFlow } from '../support/flow.ts';
import {
  CREATE_KINDS,
  type CreateKind,
  createToTheEnd,
  flawOf,
  requestFor,
  settingsFor,
  stateOf,
} from '../support/kill-matrix.ts';
import { seeded } from '../support/random.ts';
import { until } from '../support/until.ts';
import { vrtg } from '../support/vrtg.ts';

// PVE's worker is stopped through the API at any moment of the copy, or killed hard: one finished VM, and where PVE left
// a locked stub, exactly that and its volumes, which `vrtg orphans` lists.

const TIME_SCALE = 50;
/** Ms of the clock; a copy takes about two seconds. */
const LONGEST_OFFSET_MS = 2_500;
const ROUNDS = 4;

const forever = deadlineIn(Number.POSITIVE_INFINITY);

/** A VM that PVE has left locked, and the volumes that bear its id. */
interface Stub {
  readonly vmid: number;
  readonly volumes: readonly string[];
}

describe('a copy whose worker is stopped or killed', () => {
  it.concurrent.each(CREATE_KINDS)('at seeded moments, for a create with $title, ends with one VM', async (kind) => {
    const flow = await startFlow({ simulator: { timeScale: TIME_SCALE }, settings: settingsFor(kind) });
    const random = seeded(CREATE_KINDS.indexOf(kind) + 1);
    const stubs: Stub[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const offsetMs = round === 0 ? 0 : Math.round(random() * LONGEST_OFFSET_MS);
      stubs.push(...(await createWhile(flow, kind, `stopped-${round}`, async () => await stopWorker(flow, offsetMs))));
      flow.sim.faults.add([{ task: 'qmclone', count: 1, action: { killWorker: 'KILL', afterMs: offsetMs } }]);
      stubs.push(...(await createWhile(flow, kind, `killed-${round}`, async () => await Promise.resolve())));
      flow.sim.faults.clear();
    }
    expect(stubs.length).toBeGreaterThan(0);
    await expectListed(flow, stubs);
    await flow.stop();
  });
});

/** Through the API, as somebody in PVE's interface would, so long after the copy has begun. */
async function stopWorker(flow: Flow, offsetMs: number): Promise<void> {
  const upid = await until(
    async () =>
      (await listTasks(flow.pve, 'pve2' as NodeName, forever, { source: 'active', type: 'qmclone' }))[0]?.upid,
    (found) => found !== undefined,
  );
  await createClock({ factor: TIME_SCALE }).sleep(offsetMs);
  await flow.pve.delete(`/nodes/pve2/tasks/${upid ?? ''}`, forever);
}

/** Does `stop` while the create copies, then lets it be repeated until it is done. @returns what is left beside its VM */
async function createWhile(flow: Flow, kind: CreateKind, name: string, stop: () => Promise<void>): Promise<Stub[]> {
  const before = await stateOf(flow.world);
  const [known] = await Promise.all([firstAnswer(flow.client, kind, name), stop()]);
  const clock = createClock({ factor: TIME_SCALE });
  const id = await createToTheEnd({ client: flow.client, clock }, kind, name, known);
  const fresh = (await flow.world.vms()).filter(({ vmid }) => !before.vms.includes(vmid));
  const left = fresh.filter(({ lock }) => lock !== undefined);
  expect(left.length).toBeLessThanOrEqual(1);
  const volumes = await flow.world.volumes();
  const stubs = left.map(({ vmid }) => ({ vmid, volumes: volumes.filter((one) => one.includes(`-${vmid}-`)) }));
  const was = {
    vms: [...before.vms, ...stubs.map(({ vmid }) => vmid)],
    volumes: [...before.volumes, ...stubs.flatMap((stub) => stub.volumes)],
  };
  expect(await flawOf(flow.world, kind, name, id, was), name).toBeUndefined();
  return stubs;
}

/** `vrtg orphans` lists exactly these, with their volumes. */
async function expectListed(flow: Flow, stubs: readonly Stub[]): Promise<void> {
  const { code, out, err } = await vrtg(flow.sim, ['orphans', '--output', 'json']);
  expect([code, err]).toEqual([1, '']);
  const { orphans } = JSON.parse(out) as { orphans: { kind: string; vmid: number; volumes: string[] }[] };
  const listed = orphans.map(({ kind, vmid, volumes }) => {
    return { kind, vmid, volumes: volumes.map((volume) => `pve2/${volume}`).toSorted() };
  });
  const expected = stubs.toSorted((a, b) => a.vmid - b.vmid).map((stub) => ({ kind: 'stub', ...stub }));
  expect(listed).toEqual(expected);
}

/** Undefined where the create is told that its copy was stopped. */
async function firstAnswer(
  client: ProviderClient,
  kind: CreateKind,
  name: string,
): Promise<{ id: string; task: string | undefined } | undefined> {
  try {
    const { id, task } = await client.create(requestFor(kind, name));
    return { id, task: task?.id };
  } catch (error) {
    if ((error as { kind?: string }).kind !== 'busy') throw error;
    return undefined;
  }
}
