import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FEATURES, hasFeature } from './features.ts';
import { PROFILE_NAMES } from './profiles.ts';

test.each([
  ['resizeIsTask', '7.4', false],
  ['resizeIsTask', '8.1', true],
  ['resizeIsTask', '9.2', true],
  ['haGroups', '8.4', true],
  ['haGroups', '9.1', false],
  ['unusedNeedsStorage', '8.4', true],
  ['unusedNeedsStorage', '9.1', false],
  ['unusedNeedsStorage', '9.2', true],
] as const)('%s in %s: %s', (feature, release, expected) => {
  expect(hasFeature(release, feature)).toBe(expected);
});

test('every feature tells some of the versions apart', () => {
  const same = (Object.keys(FEATURES) as (keyof typeof FEATURES)[]).filter(
    (feature) => new Set(PROFILE_NAMES.map((release) => hasFeature(release, feature))).size === 1,
  );
  expect(same).toEqual([]);
});

test('every feature is asked for', () => {
  const root = join(import.meta.dirname, '..');
  const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.endsWith('features.ts'))
    .map((file) => readFileSync(join(root, file), 'utf8'))
    .join('\n');
  expect(Object.keys(FEATURES).filter((feature) => !sources.includes(`'${feature}'`))).toEqual([]);
});
