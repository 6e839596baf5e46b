import { join } from 'node:path';
import { Command } from '@commander-js/extra-typings';
import { quickstart } from '#cli/quickstart';
import { createClock } from '#runtime/clock';

const here = import.meta.dirname;
const command = new Command('start')
  .description('Starts a simulated PVE cluster and a provider, and creates the VM of examples/quickstart.yaml on it.')
  .option('--apply <file>', 'create the VMs of this file instead')
  .option('--once', 'end when the VMs are there', false)
  .parse();
const { apply, once } = command.opts();
const isSimulated = (process.env['PVE_ENDPOINT'] ?? '') === '';

try {
  await quickstart({
    manifests: apply ?? (isSimulated ? join(here, '../examples/quickstart.yaml') : undefined),
    once,
    programs: { simulator: join(here, 'pve-sim.ts'), provider: join(here, 'provider-proxmox.ts') },
    environment: process.env,
    terminal: { isLive: process.stdout.isTTY, write: (text) => void process.stdout.write(text) },
    clock: createClock(),
    interrupted: new Promise((resolve) => process.once('SIGINT', () => resolve()).once('SIGTERM', () => resolve())),
  });
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
