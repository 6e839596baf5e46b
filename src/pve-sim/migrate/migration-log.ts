// The lines of a migration's log carry the time.
import { localTime } from '../local-time.ts';
import type { Process } from '../process.ts';
import type { Sim } from '../sim.ts';

export interface MigrationLog {
  readonly info: (text: string) => void;
  readonly error: (text: string) => void;
}

export function migrationLog({ clock }: Sim, process: Process): MigrationLog {
  const info = (text: string): void => process.log(`${localTime(clock.now())} ${text}`);
  return { info, error: (text) => info(`ERROR: ${text}`) };
}

/** `00:00:10` */
export function duration(ms: number): string {
  return new Date(Math.round(ms / 1000) * 1000).toISOString().slice(11, 19);
}
