import { CommanderError } from '@commander-js/extra-typings';
import type { PluginOptions } from './program.ts';

/** Runs a plugin with the arguments of this process; gives its exit code. Failures are told as kubectl tells its own. */
export async function runPlugin(run: (options: PluginOptions) => Promise<void>, version: string): Promise<number> {
  const writeError = (text: string): void => void process.stderr.write(text);
  try {
    await run({ args: process.argv.slice(2), version, write: (text) => void process.stdout.write(text), writeError });
    return 0;
  } catch (error) {
    // Commander has said what is wrong by itself.
    if (error instanceof CommanderError) return error.exitCode;
    writeError(`error: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}
