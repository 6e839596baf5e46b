import { CommanderError } from '@commander-js/extra-typings';
import { runPveSim } from '#pve-sim/command';

try {
  await runPveSim({
    args: process.argv.slice(2),
    write: (line) => void process.stdout.write(`${line}\n`),
    interrupted: new Promise((resolve) => process.once('SIGINT', () => resolve()).once('SIGTERM', () => resolve())),
  });
} catch (error) {
  // Commander has said what is wrong by itself.
  if (!(error instanceof CommanderError))
    process.stderr.write(`pve-sim: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof CommanderError ? error.exitCode : 1;
}
