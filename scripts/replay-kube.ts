// `npm run replay:kube [-- ARG...]`: replays the recordings of kubectl against the API on one machine and counts what is equal.
// `--traces DIR` names other folders of recordings, one or several.
import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { withTraceFolders } from './kube-trace-folders.ts';

const root = join(import.meta.dirname, '..');
const facts = resolve(root, process.env['FACTS_DIR'] ?? '../shared');
const tool = join(facts, 'tools', 'replay-kube.mjs');
const given = process.argv.slice(2);

function fail(text: string): void {
  process.stderr.write(`${text}\n`);
  process.exitCode = 2;
}

function play(): void {
  const here = join(root, 'test/kube-sim');
  // npm changes the folder, and says where it was called.
  const args = withTraceFolders(given, process.env['INIT_CWD'] ?? process.cwd(), join(facts, 'data/kube-traces'));
  const adapter = ['--adapter', join(here, 'replay-adapter.ts')];
  const unsupported = ['--unsupported', join(here, 'replay-unsupported.txt')];
  // The tool runs only where it is called by its real path.
  const { status } = spawnSync(process.execPath, [realpathSync(tool), ...adapter, ...unsupported, ...args], {
    stdio: 'inherit',
  });
  process.exitCode = status ?? 1;
}

if (existsSync(tool)) {
  try {
    play();
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error));
  }
} else {
  const text = `there is no tool to replay recordings in ${facts}; name its folder in FACTS_DIR`;
  if (process.env['FACTS_DIR'] !== undefined || given.length > 0) fail(text);
  else process.stdout.write(`${text}\n`);
}
