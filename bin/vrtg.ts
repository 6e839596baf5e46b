import { CommanderError } from '@commander-js/extra-typings';
import { runVrtg } from '#cli/vrtg/program';
import packageJson from '../package.json' with { type: 'json' };

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => interrupted.abort(new Error('interrupted')));
try {
  process.exitCode = await runVrtg({
    args: process.argv.slice(2),
    version: packageJson.version,
    environment: process.env,
    interrupted: interrupted.signal,
    write: (text) => void process.stdout.write(text),
    writeError: (text) => void process.stderr.write(text),
  });
} catch (error) {
  // Commander has said what is wrong by itself.
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? 0 : 2;
}
