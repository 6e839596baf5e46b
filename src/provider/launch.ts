// A provider within another program, as its own process would be: the same settings, from an environment that is given.
import { settingsSource } from '#pve/reach/settings';
import type { Clock } from '#runtime/clock';
import type { Logger } from '#runtime/log';
import { readProviderSettings } from './settings.ts';
import { startProvider } from './start-provider.ts';
import { startupLine } from './startup-line.ts';

export interface LaunchOptions {
  readonly environment: Readonly<Record<string, string>>;
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface Launched {
  readonly port: number;
  /** Lets running calls finish, for some seconds. */
  close(): Promise<void>;
}

/** Rejects with an Error whose message is the line that would have been the last of the process. */
export async function launchProvider(options: LaunchOptions): Promise<Launched> {
  const { environment, host, port, version, clock, log } = options;
  const source = settingsSource(environment);
  try {
    const settings = readProviderSettings(source);
    const flags = { host, port, healthPort: 0, timeScale: clock.factor };
    const provider = await startProvider({ flags, version, settings, source, clock, log });
    return {
      port: provider.port,
      close: async () => {
        await provider.drain();
        await provider.close();
      },
    };
  } catch (error) {
    throw new Error(textOf(error), { cause: error });
  }
}

/** What is wrong with its settings alone: throws the same as `launchProvider`. */
export function checkProvider(environment: Readonly<Record<string, string>>): void {
  try {
    readProviderSettings(settingsSource(environment));
  } catch (error) {
    throw new Error(textOf(error), { cause: error });
  }
}

function textOf(error: unknown): string {
  const { message, fields } = startupLine(error);
  return [message, ...[fields['error'], fields['hint']].flatMap(wordsOf)].join(': ');
}

function wordsOf(part: unknown): string[] {
  if (part === undefined) return [];
  return [part instanceof Error ? part.message : typeof part === 'string' ? part : JSON.stringify(part)];
}
