// The provider as a process: it serves until a signal comes, or ends with 1 and one line that says why.
import { settingsSource } from '#pve/reach/settings';
import type { ProgramFlags } from '#rpc/flags';
import { createClock } from '#runtime/clock';
import { createLogger } from '#runtime/log';
import { createShutdown } from '#runtime/shutdown';
import { readProviderSettings } from './settings.ts';
import { startProvider } from './start-provider.ts';
import { startupLine } from './startup-line.ts';

export interface ProgramOptions {
  readonly flags: ProgramFlags;
  readonly version: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const SHUTDOWN_LIMIT_MS = 14_000;

export async function runProvider({ flags, version, environment }: ProgramOptions): Promise<void> {
  const source = settingsSource(environment);
  const clock = createClock({ factor: flags.timeScale });
  let log = createLogger({ format: environment['LOG_FORMAT'] === 'json' ? 'json' : 'text' });
  try {
    const settings = readProviderSettings(source);
    log = createLogger({ format: settings.logFormat, level: settings.logLevel });
    const provider = await startProvider({ flags, version, settings, source, clock, log });
    const shutdown = createShutdown({ clock, log, limitMs: SHUTDOWN_LIMIT_MS });
    shutdown.add('health server and PVE connection', async () => await provider.close());
    shutdown.add('gRPC server', async () => await provider.drain());
    shutdown.listen();
  } catch (error) {
    const line = startupLine(error);
    log.error(line.message, line.fields);
    process.exit(1);
  }
}
