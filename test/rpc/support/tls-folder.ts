import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Pem } from '../../support/certificates.ts';

export type TlsFile = 'tls.crt' | 'tls.key' | 'ca.crt';

/** A mounted secret as Kubernetes makes it: the files are links through `..data`, which is swapped as a whole. */
export interface TlsFolder {
  readonly path: string;
  mount(files: Partial<Record<TlsFile, string>>): void;
}

export function tlsFolder(): TlsFolder {
  const path = mkdtempSync(join(tmpdir(), 'vrtg-tls-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  let version = 0;
  return {
    path,
    mount: (files) => {
      version += 1;
      const data = `..v${version}`;
      mkdirSync(join(path, data));
      for (const [name, content] of Object.entries(files)) {
        writeFileSync(join(path, data, name), content);
        if (version === 1) symlinkSync(join('..data', name), join(path, name));
      }
      symlinkSync(data, join(path, '..new'));
      renameSync(join(path, '..new'), join(path, '..data'));
    },
  };
}

export function filesOf(leaf: Pem, ca: Pem): Record<TlsFile, string> {
  return { 'tls.crt': leaf.cert, 'tls.key': leaf.key, 'ca.crt': ca.cert };
}
