import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createClock } from './clock.ts';
import { type FileTexts, type WatchedFiles, watchFiles } from './watched-files.ts';

interface Watched {
  readonly folder: string;
  readonly told: (string | undefined)[][];
  readonly files: WatchedFiles;
}

/** A folder with these files, watched; what is told is a list of their texts each time. */
function watched(texts: Readonly<Record<string, string>>, factor = 1): Watched {
  const folder = mkdtempSync(join(tmpdir(), 'vrtg-watched-'));
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(folder, name), text);
  const told: (string | undefined)[][] = [];
  const paths = Object.keys(texts).map((name) => join(folder, name));
  const files = watchFiles(paths, createClock({ factor }), (now: FileTexts) =>
    told.push(paths.map((path) => now.get(path))),
  );
  onTestFinished(() => {
    files.stop();
    rmSync(folder, { recursive: true });
  });
  return { folder, told, files };
}

describe('watched files', () => {
  it('are told when one has changed, once, and all together', () => {
    const { folder, told, files } = watched({ id: 'a', secret: '1' });
    expect(files.look()).toBe(false);
    writeFileSync(join(folder, 'secret'), '2');
    expect(files.look()).toBe(true);
    expect(files.look()).toBe(false);
    expect(told).toEqual([['a', '2']]);
  });

  it('may go and come', () => {
    const { folder, told, files } = watched({ id: 'a' });
    rmSync(join(folder, 'id'));
    files.look();
    writeFileSync(join(folder, 'id'), 'b');
    files.look();
    expect(told).toEqual([[undefined], ['b']]);
  });

  it('may be links that are swapped, as Kubernetes does it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'vrtg-swapped-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    for (const version of ['one', 'two']) {
      mkdirSync(join(folder, version));
      writeFileSync(join(folder, version, 'ca.crt'), version);
    }
    symlinkSync('one', join(folder, '..data'));
    symlinkSync(join('..data', 'ca.crt'), join(folder, 'ca.crt'));
    const told: unknown[] = [];
    const path = join(folder, 'ca.crt');
    const files = watchFiles([path], createClock(), (texts) => told.push(texts.get(path)));
    symlinkSync('two', join(folder, '..new'));
    renameSync(join(folder, '..new'), join(folder, '..data'));
    files.look();
    files.stop();
    expect(told).toEqual(['two']);
  });

  it('are looked at without being asked, until that is stopped', async () => {
    const { folder, told, files } = watched({ id: 'a' }, 200);
    writeFileSync(join(folder, 'id'), 'b');
    await expect.poll(() => told).toEqual([['b']]);
    files.stop();
    let isSeenByOthers = false;
    const other = watchFiles([join(folder, 'id')], createClock({ factor: 100 }), () => (isSeenByOthers = true));
    writeFileSync(join(folder, 'id'), 'c');
    await expect.poll(() => isSeenByOthers).toBe(true);
    other.stop();
    expect(told).toEqual([['b']]);
  });
});
