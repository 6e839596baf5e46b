// The names by which long suites are asked for, in CONTRIBUTING.md and in .ci/run: a name that finds nothing would go unnoticed.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const files = globSync('test/**/*.prove.ts', { cwd: root });
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const words = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, word = '']) => word);

/** First cells of the table after `npm run prove -- NAME`. */
const table = read('CONTRIBUTING.md').split('| NAME |')[1]?.split('\n\n')[0] ?? '';
const documented = words(table, /^\| (`.*?) \|/gm).flatMap((cell) => words(cell, /`([\w-]+)`/g));
const inCi = words(read('.ci/run').replaceAll('\\\n', ' '), /npm run prove --(.*)$/gm).flatMap((line) =>
  line.split(/\s+/).filter((word) => /^[a-z]/.test(word)),
);

test('each finds a suite', () => {
  expect(documented.length).toBeGreaterThan(20);
  expect(inCi.length).toBeGreaterThan(15);
  expect([...documented, ...inCi].filter((name) => !files.some((file) => file.includes(name)))).toEqual([]);
});

test('there is one for each suite', () => {
  expect(files.filter((file) => !documented.some((name) => file.includes(name)))).toEqual([]);
});
