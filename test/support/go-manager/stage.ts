// A flow with a manager in front of it, for tests that run side by side: each ends what it has started.
import type { TestContext } from 'vitest';
import { readClaim } from '#claim/record';
import { type Flow, type FlowOptions, startFlow } from '../flow.ts';
import { writesSince } from '../journal.ts';
import { newVolumes } from '../world.ts';
import { type GoManager, type GoManagerOptions, startGoManager } from './manager.ts';
import type { VirtualMachine, VirtualMachineSpec } from './virtual-machine.ts';

export type AtEnd = TestContext['onTestFinished'];

export interface WatchedFlow extends Flow {
  /** Names that had two VMs at some moment, though at no moment they may. */
  readonly doubled: ReadonlySet<string>;
}

/** Fifty times as fast as a clock: more, and a busy machine is late for PVE's time-outs. */
export async function startWatchedFlow(atEnd: AtEnd, options: FlowOptions = {}): Promise<WatchedFlow> {
  const doubled = new Set<string>();
  const started: { flow?: Flow } = {};
  const record = ({ method }: { readonly method: string }): void => {
    if (method === 'GET' || started.flow === undefined) return;
    for (const name of namesTwice(started.flow)) doubled.add(name);
  };
  const flow = await startFlow({ ...options, simulator: { timeScale: 50, record, ...options.simulator } });
  started.flow = flow;
  atEnd(async () => await flow.stop());
  return { ...flow, doubled };
}

/** Names for which there are two VMs, those left out that are to be taken out. */
function namesTwice({ sim }: Flow): string[] {
  const names = Object.values(sim.world.guests).flatMap(({ vmid, config }) => {
    const reading = readClaim(config['description']);
    const isOurs = reading.kind === 'claim' && Number(reading.claim.vmid) === vmid && reading.claim.state !== 'void';
    return isOurs ? [reading.claim.name] : [];
  });
  return names.filter((name, index) => names.indexOf(name) !== index);
}

export function manage(atEnd: AtEnd, flow: Flow, options: Partial<GoManagerOptions> = {}): GoManager {
  const endpoint = (): string => `127.0.0.1:${flow.provider.port}`;
  const manager = startGoManager({ endpoint, clock: flow.sim.clock, ...options });
  atEnd(() => manager.stop());
  return manager;
}

/** Whether the object has become what it is to be. */
export function isSettled({ spec, status }: VirtualMachine): boolean {
  return status.isReady && status.powerState === (spec.powerState ?? 'On');
}

export function everyObject(manager: GoManager, is: (vm: VirtualMachine) => boolean): () => boolean {
  return () => [...manager.objects.values()].every(is);
}

export function statusOf(manager: GoManager, name: string): VirtualMachine['status'] | undefined {
  return manager.objects.get(name)?.status;
}

export function changeSpec(manager: GoManager, name: string, part: Partial<VirtualMachineSpec>): void {
  manager.apply(name, { ...manager.objects.get(name)?.spec, ...part });
}

/** `<rpc> <code>` of all calls that ended so. */
export function endings({ record }: GoManager, pattern: RegExp): string[] {
  return [...record.codes.keys()].filter((ending) => pattern.test(ending));
}

/** The codes that count against a provider, and open the manager's breaker. */
export const COUNTED = / (Unavailable|DeadlineExceeded|Internal|Unknown)$/;

export function cloneCount({ sim }: Flow): number {
  return writesSince(sim, 0).filter((write) => write.endsWith('/clone')).length;
}

/** Volumes that are there now and were not before. */
export async function leftVolumes(flow: Flow, before: readonly string[]): Promise<string[]> {
  return newVolumes(before, await flow.world.volumes());
}
