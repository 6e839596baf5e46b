// Programs in Go that tests run as peers. Building one takes a minute the first time, and needs Go and its module proxy.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

const cache = resolve(import.meta.dirname, '../../.cache');

/** @returns the path of the built program, or why it cannot be had on this machine */
export function buildGo(source: string, name: string): { readonly binary: string } | { readonly missing: string } {
  const go = findGo();
  if (go === undefined) return { missing: 'there is no Go on this machine' };
  try {
    execFileSync(go, ['mod', 'download'], { cwd: source, stdio: 'pipe' });
  } catch (error) {
    return { missing: `the Go modules cannot be downloaded: ${error instanceof Error ? error.message : 'unknown'}` };
  }
  const binary = join(cache, name);
  execFileSync(go, ['build', '-o', binary, '.'], { cwd: source, stdio: 'pipe' });
  return { binary };
}

function findGo(): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/local/go/bin'];
  return folders.map((folder) => join(folder, 'go')).find((path) => existsSync(path));
}
