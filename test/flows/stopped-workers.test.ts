import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asUpid } from '#pve/ids';
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

describe.each(CREATE_KINDS)('a copy for a create with $title', (kind) => {
  let flow: Flow;
  const stubs: Stub[] = [];
  beforeAll(async () => {
    flow = await startFlow({ simulator: { timeScale: TIME_SCALE }, settings: settingsFor(kind) });
  });
  afterAll(async () => await flow.stop());

  const clock = createClock({ factor: TIME_SCALE });
  const random = seeded(CREATE_KINDS.indexOf(kind) + 1);
  const offsets = Array.from({ length: ROUNDS }, (_, round) => ({
    round,
    offsetMs: round === 0 ? 0 : Math.round(random() * LONGEST_OFFSET_MS),
  }));

  it.each(offsets)(
    'whose worker is stopped after $offsetMs ms ends with one VM ($round)',
    async ({ round, offsetMs }) => {
      const name = `stopped-${round}`;
      await expectOneVm(name, kind, async () => {
        const upid = await until(
          async () =>
            (await listTasks(flow.pve, 'pve2' as NodeName, forever, { source: 'active', type: 'qmclone' }))[0]?.upid,
          (found) => found !== undefined,
        );
        await clock.sleep(offsetMs);
        await flow.pve.delete(`/nodes/pve2/tasks/${asUpid(upid ?? '') ?? ''}`, forever);
      });
    },
  );

  it.each(offsets.slice(0, 3))(
    'whose worker is killed hard after $offsetMs ms ends with one VM ($round)',
    async ({ round, offsetMs }) => {
      flow.sim.faults.add([{ task: 'qmclone', count: 1, action: { killWorker: 'KILL', afterMs: offsetMs } }]);
      await expectOneVm(`killed-${round}`, kind, async () => await Promise.resolve());
      flow.sim.faults.clear();
    },
  );

  it('has left stubs in some of these rounds, and vrtg orphans lists exactly these, with their volumes', async () => {
    expect(stubs.length).toBeGreaterThan(0);
    const { code, out, err } = await vrtg(flow.sim, ['orphans', '--output', 'json']);
    expect([code, err]).toEqual([1, '']);
    const { orphans } = JSON.parse(out) as { orphans: { kind: string; vmid: number; volumes: string[] }[] };
    const listed = orphans.map((orphan) => ({
      ...orphan,
      volumes: orphan.volumes.map((volume) => `pve2/${volume}`).toSorted(),
    }));
    expect(listed.map(({ kind: what, vmid, volumes }) => ({ kind: what, vmid, volumes }))).toEqual(
      stubs.toSorted((a, b) => a.vmid - b.vmid).map((stub) => ({ kind: 'stub', ...stub })),
    );
  });

  /** Does `stop` while the create copies, then lets it be repeated until it is done. */
  async function expectOneVm(name: string, of: CreateKind, stop: () => Promise<void>): Promise<void> {
    const before = await stateOf(flow.world);
    const [known] = await Promise.all([firstAnswer(flow.client, of, name), stop()]);
    const id = await createToTheEnd({ client: flow.client, clock }, of, name, known);
    const fresh = (await flow.world.vms()).filter(({ vmid }) => !before.vms.includes(vmid));
    const left = fresh.filter(({ lock }) => lock !== undefined);
    expect(left.length).toBeLessThanOrEqual(1);
    const volumes = await flow.world.volumes();
    const found = left.map(({ vmid }) => ({ vmid, volumes: volumes.filter((one) => one.includes(`-${vmid}-`)) }));
    stubs.push(...found);
    const was = {
      vms: [...before.vms, ...found.map(({ vmid }) => vmid)],
      volumes: [...before.volumes, ...found.flatMap((stub) => stub.volumes)],
    };
    expect(await flawOf(flow.world, of, name, id, was)).toBeUndefined();
  }
});

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
