import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { OUTSIDE } from '../../scripts/boundaries.ts';
import { importsOf } from './imports.ts';
import { isEdge, violation } from './violations.ts';

const root = join(import.meta.dirname, '../..');

/** Imports between rooms of src/ in the tree as it is. Fewer would mean that this test has stopped seeing them. */
const MINIMUM_EDGES = 400;

describe('the table of rooms', () => {
  test('is kept by every import of the repository', () => {
    expect(everyImport().map(violation).filter(Boolean)).toEqual([]);
  });

  test('was held against the imports between rooms, not against nothing', () => {
    expect(everyImport().filter(isEdge).length).toBeGreaterThanOrEqual(MINIMUM_EDGES);
  });
});

const ALLOWED: readonly (readonly [file: string, source: string])[] = [
  ['src/provider/run/create.ts', "import { connect } from '#pve/connection/connect';"],
  ['src/provider/run/create.ts', "import { planCreate } from '../plan/create.ts';"],
  ['src/provider/plan/net.ts', "import { formatNet } from '#pve/codec/net';"],
  ['src/provider/plan/net.ts', "import type { Vmid } from '#pve/ids';"],
  ['src/pve/qemu/config.ts', "import { parseNet } from '../codec/net.ts';"],
  ['src/pve/codec/net.ts', "import { properties } from './properties.ts';"],
  ['src/claim/record.ts', "import { createHash } from 'node:crypto';"],
  ['src/claim/record.ts', "export type { Vmid } from '#pve/ids';"],
  ['src/claim/record.test.ts', "import { readFileSync } from 'node:fs';"],
  ['src/rpc/server.ts', "import { Server } from '@grpc/grpc-js';"],
  ['test/flows/create.test.ts', "import { startSimulator } from '#pve-sim/simulator';"],
];

const REFUSED: readonly (readonly [file: string, source: string, says: string])[] = [
  ['src/pve-sim/server.ts', "import { parseUpid } from '#pve/ids';", 'pve-sim may know runtime'],
  ['src/provider/service.ts', "export * from '#pve-sim/world';", 'provider may know domain'],
  ['src/provider/service.ts', "const sim = await import('#pve-sim/world');", 'provider may know domain'],
  ['src/domain/vm.ts', "import '#runtime/clock';", 'domain may know none'],
  ['src/domain/vm.ts', "import { z } from 'zod';", 'domain is pure'],
  ['src/domain/vm.ts', 'const it = await import(name);', 'domain is pure'],
  ['src/claim/record.ts', "import { readFileSync } from 'node:fs';", 'claim is pure'],
  ['src/claim/record.ts', "import { parseVmid } from '#pve/ids';", 'Write `import type`'],
  ['src/claim/record.ts', "import { type Vmid } from '#pve/ids';", 'Write `import type`'],
  ['src/provider/plan/net.ts', "import { observe } from '../observe/vm.ts';", 'provider/plan may know domain'],
  ['src/provider/plan/net.ts', "import { connect } from '#pve/connection/connect';", 'Write `import type`'],
  ['src/provider/plan/net.ts', "import { join } from 'node:path';", 'provider/plan is pure'],
  ['src/pve/codec/net.ts', "import { isMac } from '../rules/mac.ts';", 'pve/codec may know none'],
  ['src/rpc/server.ts', "import { Fault } from '../domain/fault.ts';", 'must not leave its room'],
  ['src/rpc/server.ts', "import { setup } from '../../test/support/build.ts';", 'must not leave its room'],
  ['src/rpc/server.ts', "import { decode } from '#rpc/payload';", 'its own room'],
  ['src/rpc/server.ts', "import { rows } from './status.test.ts';", 'that is a test'],
  ['src/misc/things.ts', "import { Fault } from '#domain/fault';", 'is no room'],
  ['test/flows/create.test.ts', "import { Fault } from '../../src/domain/fault.ts';", 'write #domain/fault'],
];

describe('an import', () => {
  test.each(ALLOWED)('of %s may be: %s', (file, source) => {
    expect(importsOf(file, source).map(violation)).toEqual([undefined]);
  });

  test.each(REFUSED)('of %s may not be: %s', (file, source, says) => {
    expect(importsOf(file, source).map(violation)).toEqual([expect.stringContaining(says)]);
  });
});

function everyImport(): ReturnType<typeof importsOf> {
  const folders = ['src', ...OUTSIDE].filter((folder) => existsSync(join(root, folder)));
  return folders.flatMap(sourcesIn).flatMap((file) => importsOf(file, readFileSync(join(root, file), 'utf8')));
}

function sourcesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts'))
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(root.length + 1)
        .replaceAll('\\', '/'),
    );
}
