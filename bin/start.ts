import { join, resolve } from 'node:path';
import { Command } from '@commander-js/extra-typings';
import { Interrupted, namesAPve, quickstart } from '#cli/quickstart';
import { createClock } from '#runtime/clock';

const here = import.meta.dirname;
const command = new Command('start')
  .description('Starts a simulated PVE cluster and a provider, and creates the VM of examples/quickstart.yaml on it.')
  .option('--apply <file>', 'create the VMs of this file instead')
  .option('--once', 'end when the VMs are there', false)
  .parse();
const { apply, once } = command.opts();
// npm runs scripts in the project's folder, and says where it was called.
const file = apply === undefined ? undefined : resolve(process.env['INIT_CWD'] ?? '.', apply);
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupted.abort());

try {
  await quickstart({
    manifests: file ?? (namesAPve(process.env) ? undefined : join(here, '../examples/quickstart.yaml')),
    once,
    programs: { simulator: join(here, 'pve-sim.ts'), provider: join(here, 'provider-proxmox.ts') },
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
