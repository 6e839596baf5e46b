// The steps of a start, up to where all is there.
import type { KubeApi } from '#kube/api';
import { connectKube } from '#kube/connect';
import { applyAll, withFreePorts } from './apply.ts';
import { awaitReady, NOT_SEEN } from './await-ready.ts';
import { companionsOf } from './companions.ts';
import { endpointsIn } from './endpoints.ts';
import { follow, type Follower } from './follow.ts';
import { followCalls } from './follow-calls.ts';
import type { Programs } from './launch.ts';
import type { Wanted } from './manifests.ts';
import { startManager, startSimulator } from './programs.ts';
import type { Progress } from './progress.ts';
import { type Pve, pveIn, simulatedPve } from './pve.ts';
import type { SimulatorInfo } from './simulator-info.ts';
import type { Standing } from './standing.ts';
import type { StartOptions } from './start.ts';
import { nextSteps, noteLines, vmTable } from './summary.ts';

export interface Run {
  readonly options: StartOptions;
  readonly stages: readonly (readonly Wanted[])[];
  readonly progress: Progress;
  readonly programs: Programs;
  readonly dataDir: string;
  readonly isSimulated: boolean;
}

export interface Serving {
  /** Resolves where the manager ends. */
  readonly ended: Promise<void>;
}

/** Throws what keeps it from getting there; of objects that are not ready, where it is to end then. */
export async function bringUp({ options, stages, progress, programs, dataDir, isSimulated }: Run): Promise<Serving> {
  const { environment, programs: paths } = options;
  const simulator = isSimulated
    ? await startSimulator({ path: paths.simulator, environment }, progress, programs)
    : undefined;
  const order = { dataDir, simulator, endpoints: endpointsIn(stages.flat()) };
  const manager = await startManager({ path: paths.manager, environment }, order, progress, programs);
  const { kubeconfig } = manager.ready;
  const api = await connectKube({ kubeconfig });
  const pve = simulator === undefined ? pveIn(environment) : simulatedPve(simulator);
  const follower = await applyStages({ options, stages, progress, simulator }, api, pve);
  for (const line of [...vmTable(follower.vms()), ...noteLines(follower.objects())]) progress.say(line);
  if (!options.once) {
    const place = { kubeconfig, plugins: paths.plugins, simulator, path: environment['PATH'] ?? '' };
    for (const line of nextSteps(place, follower.vms())) progress.say(line);
  }
  const ended = manager.ended.finally(() => api.close());
  return { ended };
}

type Show = Pick<Run, 'options' | 'stages' | 'progress'> & { readonly simulator: SimulatorInfo | undefined };

async function applyStages({ options, stages, progress, simulator }: Show, api: KubeApi, pve: Pve): Promise<Follower> {
  const { clock } = options;
  if (simulator !== undefined && options.showsCalls) await followCalls(simulator.controlUrl, progress, clock);
  const patience = simulator === undefined ? PATIENCE : PATIENCE_SIMULATED;
  let follower: Follower | undefined;
  for (const [index, stage] of stages.entries()) {
    await applyStage(index === 0 ? [...(await companionsOf(stage, api, pve)), ...stage] : stage, api, progress);
    follower ??= await follow(api, progress, clock);
    const left = await awaitReady(follower, progress, { clock, ...patience });
    if (left.length > 0) return tellLeft(left, options, progress, follower);
  }
  return follower ?? (await follow(api, progress, clock));
}

const PATIENCE = { longestMs: 30 * 60_000, addressMs: 2 * 60_000 };
const PATIENCE_SIMULATED = { longestMs: 3 * 60_000, addressMs: 30_000 };

async function applyStage(wanted: readonly Wanted[], api: KubeApi, progress: Progress): Promise<void> {
  const { wanted: movable, moved } = await withFreePorts(wanted, api);
  const written = await progress.step(`apply ${movable.length} objects`, async () => await applyAll(movable, api));
  const unchanged = written.filter(({ applied }) => applied === 'unchanged');
  if (unchanged.length > 0) progress.detail(`${unchanged.length} of them are as they were`);
  for (const line of moved) progress.detail(line);
}

/** Who watches may mend it in a second terminal; who does not is told what it was. */
function tellLeft(left: readonly Standing[], { once }: StartOptions, progress: Progress, follower: Follower): Follower {
  const lines = left.map(({ title, words }) => `${title}: ${words ?? NOT_SEEN}`);
  if (once) throw new Error(`not everything is as asked for:\n${lines.join('\n')}`);
  progress.say('\nNot everything is as asked for:');
  for (const line of lines) progress.say(`    ${line}`);
  return follower;
}
