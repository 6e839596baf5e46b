// `npm run replay [-- ARG...]`: replays the recordings of the real PVE API against the simulator and counts what is equal.
import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = join(import.meta.dirname, '..');
const facts = resolve(root, process.env['FACTS_DIR'] ?? '../shared');
const tool = join(facts, 'tools', 'replay-traces.mjs');

if (!existsSync(tool)) {
  process.stdout.write(`there are no recordings in ${facts}; name their folder in FACTS_DIR\n`);
  if (process.env['FACTS_DIR'] !== undefined) process.exitCode = 1;
} else {
  // The tool runs only where it is called by its real path.
  const args = [realpathSync(tool), '--adapter', join(root, 'test/pve-sim/replay-adapter.ts'), '--jobs', '3'];
  const { status } = spawnSync(process.execPath, [...args, ...process.argv.slice(2)], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
}
