// `vrtg orphans`: what crashes have left behind, and the lines that remove it. Changes nothing.
import { findOrphans } from '#doctor/orphans/find-orphans';
import { type Connection, type ConnectionOptions, type Surroundings, withPve } from './connection.ts';
import { orphansText } from './orphans-text.ts';

export interface OrphansOptions extends ConnectionOptions {
  readonly output: 'table' | 'json';
}

/** 0: nothing is left; 1: something is listed; 2: not everything could be looked at. */
export async function runOrphans(
  options: OrphansOptions,
  surroundings: Surroundings,
  write: (text: string) => void,
): Promise<number> {
  return await withPve(options, surroundings, async ({ patient, isNamed }: Connection) => {
    if (!isNamed)
      surroundings.log.warn('No instance is named, so these are the VMs of "default"; set PVE_INSTANCE or --instance');
    const report = await findOrphans(patient);
    write(options.output === 'json' ? `${JSON.stringify(report, null, 2)}\n` : orphansText(report));
    if (report.unseen.length > 0) return 2;
    return report.orphans.length > 0 ? 1 : 0;
  });
}
