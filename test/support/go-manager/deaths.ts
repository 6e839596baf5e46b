// A provider that dies at any of its requests to PVE while it does what a manager has asked for, and another replica
// behind the same Service that the manager then talks to.
import { type CutOff, cutOffAt, isAt } from '../cut-off.ts';
import type { Flow } from '../flow.ts';
import { arm, type KillPoint, VICTIM_NODE } from '../kill-matrix.ts';
import type { ClusterService } from './cluster-service.ts';
import { type GoManager, type GoManagerOptions, startGoManager } from './manager.ts';

/** What a person wants of a manager, and when it has come to it. */
export interface Wish {
  /** What the manager knows of before. */
  readonly known: Pick<GoManagerOptions, 'objects' | 'snapshots'>;
  ask(manager: GoManager): void;
  isDone(manager: GoManager): boolean;
  /** The manager takes it for failed, or for done, and will not ask again. */
  hasGivenUp(manager: GoManager): boolean;
  /** What a person does then. */
  askAgain(manager: GoManager): Promise<void>;
  /** What is wrong with the world in the end. */
  flaw(): string | undefined;
}

export interface Death extends CutOff {
  /** '' for none. */
  readonly flaw: string;
  readonly hasGivenUp: boolean;
}

export async function dieAt(
  flow: Flow,
  service: ClusterService,
  wish: Wish,
  point: KillPoint,
  settings: Readonly<Record<string, string>>,
): Promise<Death> {
  const { sim } = flow;
  const victim = await flow.another(VICTIM_NODE.index, settings);
  service.failOverTo(victim.provider.port);
  const since = sim.journal.entries.length;
  arm(sim, point);
  const manager = startGoManager({ endpoint: () => service.address, clock: sim.clock, ...wish.known });
  wish.ask(manager);
  const isOver = (): boolean => wish.isDone(manager) || wish.hasGivenUp(manager);
  await manager.until(() => isAt(flow, since, point) || isOver());
  const was = cutOffAt(flow, since, point);
  const early = was.wasReached || wish.isDone(manager) ? undefined : `given up while all was well: ${story(manager)}`;
  service.failOverTo(flow.provider.port);
  await victim.end();
  sim.faults.clear();
  await manager.until(isOver);
  const hasGivenUp = !wish.isDone(manager);
  if (hasGivenUp) {
    await wish.askAgain(manager);
    await manager.until(() => wish.isDone(manager));
  }
  const flaw = early ?? wish.flaw() ?? flawOf(manager) ?? '';
  manager.stop();
  return { ...was, flaw: flaw === '' ? '' : `${flaw} (${story(manager)})`, hasGivenUp };
}

function story({ record }: GoManager): string {
  return record.failures.map(({ rpc, about, code, message }) => `${rpc} ${about}: ${code} ${message}`).join('; ');
}

/** What a manager must never be brought to; that calls fail whose connection ends is not the provider's. */
function flawOf({ breakerOpenings, record }: GoManager): string | undefined {
  if (breakerOpenings > 0) return 'the breaker has opened';
  if (record.refusedWrites.length > 0) return record.refusedWrites.join();
  if (record.saidMissing.length > 0) return `said to be missing: ${JSON.stringify(record.saidMissing)}`;
  const isOther = ({ code }: { readonly code: string }): boolean => !['Unavailable', 'Aborted'].includes(code);
  return record.failures.some(isOther) ? 'unexpected codes' : undefined;
}
