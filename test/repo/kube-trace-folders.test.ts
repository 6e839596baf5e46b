import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { withTraceFolders } from '../../scripts/kube-trace-folders.ts';

const cwd = mkdtempSync(join(tmpdir(), 'kube-traces-'));
const folder = (name: string, ...files: readonly string[]): void => {
  mkdirSync(join(cwd, name));
  for (const file of files) writeFileSync(join(cwd, name, file), '{}');
};
folder('whole', '001-crd-create.json', '002-crd-wait.json');
folder('later', '190-get.json', '191-patch.json', 'README.md');
folder('empty', 'README.md');
afterAll(() => rmSync(cwd, { recursive: true }));

const read = (...args: readonly string[]): readonly string[] =>
  withTraceFolders(args, cwd, '/recordings').map((word) => word.replace(`${cwd}/`, ''));

describe('the folders of npm run replay:kube', () => {
  test.each([
    [['--verbose'], ['--verbose']],
    [
      ['--traces', 'whole', '--verbose'],
      ['--traces', 'whole', '--verbose'],
    ],
    [
      ['--traces=whole', '--traces', 'later'],
      ['--traces', 'whole', '--traces', 'later'],
    ],
    [
      ['--traces', 'later'],
      ['--traces', '/recordings', '--traces', 'later', '--only', '190-get', '--only', '191-patch'],
    ],
    [
      ['--traces', 'later', '--from', '100'],
      ['--traces', '/recordings', '--traces', 'later', '--from', '100'],
    ],
  ])('%j are for the tool %j', (args, expected) => {
    expect(read(...args)).toEqual(expected);
  });

  test.each([
    [['--traces', 'none'], 'none: there is no such folder'],
    [['--traces', 'whole', '--traces', 'empty'], 'empty: there are no recordings in it'],
    [['--traces', 'whole/001-crd-create.json'], '001-crd-create.json: it is no folder'],
    [['--traces'], '--traces: the folder is missing'],
  ])('%j is refused', (args, says) => {
    expect(() => read(...args)).toThrow(says);
  });
});
