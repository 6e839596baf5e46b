import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

/** Why buf cannot run on this machine, if so. */
function whyNot(): string | undefined {
  try {
    execFileSync(join(root, 'node_modules/.bin/buf'), ['--version'], { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : 'unknown';
  }
}

function filesIn(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(js|ts)$/.test(name));
  return Object.fromEntries(names.sort().map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

it('src/rpc/gen is what proto/ generates, byte for byte', ({ skip }) => {
  const reason = whyNot();
  skip(reason !== undefined, `buf cannot run here: ${reason}`);
  const out = mkdtempSync(join(tmpdir(), 'vrtg-gen-'));
  onTestFinished(() => rmSync(out, { recursive: true }));
  execFileSync(process.execPath, [join(root, 'scripts/generate.ts'), out], { stdio: 'pipe' });
  const generated = filesIn(out);
  expect(Object.keys(generated)).toHaveLength(4);
  expect(generated).toEqual(filesIn(join(root, 'src/rpc/gen')));
});
