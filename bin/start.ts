import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { Command } from '@commander-js/extra-typings';
import { Interrupted, start } from '#cli/start/start';
import { namesAPve } from '#cli/start/pve';
import { createClock } from '#runtime/clock';

const here = import.meta.dirname;
const command = new Command('start')
  .description(
    'Starts a simulated PVE cluster and the manager with an API for kubectl, and applies the manifests of examples/ there. Where PVE_ENDPOINT names a Proxmox VE, it is that one instead, and nothing is applied by itself.',
  )
  .option(
    '--apply <file>',
    'apply this file instead; may be repeated',
    (file: string, files: string[]) => [...files, file],
    [],
  )
  .option('--once', 'end when all is there', false)
  .option('--calls', 'tell every call that the simulated PVE gets', false)
  .option('--data-dir <folder>', 'where the objects of a Proxmox VE of yours are kept; default ~/.virtrigaud/HOST')
  .parse();
const { apply, once, calls, dataDir } = command.opts();
// npm runs scripts in the project's folder, and says where it was called.
const fromCaller = (path: string): string => resolve(process.env['INIT_CWD'] ?? '.', path);
const example = (name: string): string => join(here, '../examples', name);
const EXAMPLES = [[example('web-server.yaml'), example('quickstart.yaml')], [example('scale-up.yaml')]];
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupted.abort());

try {
  await start({
    manifests: apply.length > 0 ? [apply.map(fromCaller)] : namesAPve(process.env) ? [[]] : EXAMPLES,
    once,
    showsCalls: calls,
    programs: {
      simulator: join(here, 'pve-sim.ts'),
      manager: join(here, 'virtrigaud-manager.ts'),
      plugins: resolve(here, '../plugins'),
    },
    dataDir: dataDir === undefined ? undefined : fromCaller(dataDir),
    dataRoot: join(homedir(), '.virtrigaud'),
    environment: process.env,
    terminal: {
      isLive: process.stdout.isTTY,
      columns: process.stdout.columns,
      write: (text) => void process.stdout.write(text),
    },
    clock: createClock(),
    interrupted: interrupted.signal,
  });
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof Interrupted ? 130 : 1;
}
// What an interruption has left unfinished keeps nobody waiting.
process.exit();
