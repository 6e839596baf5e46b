// `npm run replay:kube [-- ARG...]`: replays the recordings of kubectl against the API on one machine and counts what is equal.
import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = join(import.meta.dirname, '..');
const facts = resolve(root, process.env['FACTS_DIR'] ?? '../shared');
const tool = join(facts, 'tools', 'replay-kube.mjs');

if (!existsSync(tool)) {
  process.stdout.write(`there are no recordings in ${facts}; name their folder in FACTS_DIR\n`);
  if (process.env['FACTS_DIR'] !== undefined) process.exitCode = 1;
} else {
  const here = join(root, 'test/kube-sim');
  // The tool runs only where it is called by its real path.
  const args = [realpathSync(tool), '--adapter', join(here, 'replay-adapter.ts')];
  const unsupported = ['--unsupported', join(here, 'replay-unsupported.txt')];
  const { status } = spawnSync(process.execPath, [...args, ...unsupported, ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  process.exitCode = status ?? 1;
}
