// Makes a fresh clone ready and then runs one command: `node scripts/boot.mjs COMMAND [ARG...]`.
// Every npm script goes through here, so each works alone, also where the Node.js on PATH is an older one.
// Plain JavaScript for old versions: nothing here may need more than Node.js 16.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const minimum = [24, 11];

function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > minimum[0] || (major === minimum[0] && minor >= minimum[1]);
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

/** Installs what the lock file in `folder` says, unless the last install there was for this very lock file. */
function install(folder, what, env) {
  const lock = createHash('sha256')
    .update(readFileSync(join(folder, 'package-lock.json')))
    .digest('hex');
  const stamp = join(folder, 'node_modules', '.installed-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  process.stderr.write(`Installing ${what} ...\n`);
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const done = spawnSync(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: folder,
    env,
    stdio: ['ignore', 2, 2],
  });
  if (done.status !== 0) fail(`npm ci failed in ${folder}${done.error ? `: ${done.error.message}` : ''}`);
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, lock);
}

/** The folder of a Node.js that is new enough: the running one, or our own copy. */
function nodeFolder() {
  if (isNewEnough(process.versions.node)) return dirname(process.execPath);
  const folder = join(root, 'tools', 'node');
  const binary = join(folder, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
  if (process.platform === 'linux')
    install(folder, `Node.js (this project needs ${minimum.join('.')} or newer)`, process.env);
  if (!existsSync(binary)) {
    fail(
      `This project needs Node.js ${minimum.join('.')} or newer; ${process.versions.node} is running, and there is no ` +
        `ready-made copy for ${process.platform}-${process.arch}. Install Node.js 24 from https://nodejs.org and try again.`,
    );
  }
  return dirname(binary);
}

// npm hands its own settings (npm_config_*, npm_package_*) to scripts; an inner npm must not inherit them.
const inherited = Object.entries(process.env).filter(
  ([name]) => !/^npm_/i.test(name) || /^npm_config_(registry|cache|userconfig|globalconfig)$/i.test(name),
);
const env = {
  ...Object.fromEntries(inherited),
  PATH: [nodeFolder(), join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter),
};
install(root, 'the packages of this project', env);

const [command, ...args] = process.argv.slice(2);
if (!command) fail('usage: node scripts/boot.mjs COMMAND [ARG...]');
const run = spawn(command, args, { cwd: root, env, stdio: 'inherit' });
run.on('error', (error) => fail(`${command}: ${error.message}`));
// A terminal sends Ctrl-C to the whole group; the command decides when it has finished. SIGTERM reaches only us: pass it on.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => run.kill('SIGTERM'));
run.on('exit', (code, signal) => process.exit(signal ? 1 : code));
