// A folder of credentials as kubelet mounts a Secret: files are links through `..data`, and a new version is swapped in whole.
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface MountedSecret {
  readonly folder: string;
  /** From one moment to the next these are the files. */
  mount(texts: Readonly<Record<string, string>>): void;
  remove(): void;
}

export function mountSecret(texts: Readonly<Record<string, string>>): MountedSecret {
  const folder = mkdtempSync(join(tmpdir(), 'vrtg-secret-'));
  let version = 0;
  const mount = (next: Readonly<Record<string, string>>): void => {
    version += 1;
    const name = `..${version}`;
    mkdirSync(join(folder, name));
    for (const [file, text] of Object.entries(next)) writeFileSync(join(folder, name, file), text);
    symlinkSync(name, join(folder, '..next'));
    renameSync(join(folder, '..next'), join(folder, '..data'));
    const mounted = readdirSync(folder).filter((entry) => !entry.startsWith('..'));
    for (const file of Object.keys(next).filter((one) => !mounted.includes(one))) {
      symlinkSync(join('..data', file), join(folder, file));
    }
    for (const file of mounted.filter((one) => next[one] === undefined)) rmSync(join(folder, file));
  };
  mount(texts);
  return { folder, mount, remove: () => rmSync(folder, { recursive: true }) };
}
