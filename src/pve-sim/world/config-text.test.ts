import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { configDigest, formatConfig } from './config-text.ts';

const file = join(process.env['FACTS_DIR'] ?? '../shared', 'data/pve-golden-vectors.json');
const isMissing = !existsSync(file) && process.env['FACTS_DIR'] === undefined;
const skipNote = isMissing ? ' (skipped: ../shared is not here)' : '';

interface Vector {
  readonly parsed: Readonly<Record<string, unknown>>;
  readonly raw: string;
  readonly rewritten: string;
}

const vectors = isMissing ? [] : (JSON.parse(readFileSync(file, 'utf8')) as { config_files: Vector[] }).config_files;

const asText = (options: object): Record<string, string> =>
  Object.fromEntries(Object.entries(options).map(([key, value]) => [key, String(value)]));

/** The recorded parse as our guest's sections. */
function sectionsOf(parsed: Vector['parsed']) {
  const { digest: _, pending, snapshots, 'special-sections': __, ...options } = parsed;
  const { delete: deleted, ...changes } = asText(pending as object);
  const deletions = (deleted ?? '').split(',').filter((key) => key !== '');
  return {
    config: asText(options),
    pending: changes,
    pendingDelete: Object.fromEntries(deletions.map((key) => [key.replace('!', ''), key.startsWith('!')])),
    cloudinit: {},
    snapshots: Object.fromEntries(
      Object.entries(snapshots as object).map(([name, value]) => [name, asText(value as object)]),
    ),
  };
}

describe.skipIf(isMissing)(`a config file is written as PVE writes it${skipNote}`, () => {
  test('there are recorded files to compare with', () => {
    expect(vectors.length).toBeGreaterThan(0);
  });

  test.each(vectors.map((vector) => [String(vector.parsed['digest']), vector] as const))(
    '%s',
    (digest, { parsed, raw, rewritten }) => {
      expect(formatConfig(sectionsOf(parsed))).toBe(rewritten);
      if (raw === rewritten) expect(configDigest(sectionsOf(parsed))).toBe(digest);
    },
  );
});

test('the digest is the SHA-1 of the text: equal content, equal digest', () => {
  const guest = { config: { name: 'a', cores: '2' }, pending: {}, pendingDelete: {}, cloudinit: {}, snapshots: {} };
  const same = { ...guest, config: { cores: '2', name: 'a' } };
  expect(configDigest(guest)).toBe('5529dd75007e63d12f119eeb293971f4bb5cd0a1');
  expect(configDigest(same)).toBe(configDigest(guest));
  expect(configDigest({ ...guest, pending: { cores: '4' } })).not.toBe(configDigest(guest));
  expect(configDigest({ ...guest, cloudinit: { added: 'ciuser' } })).not.toBe(configDigest(guest));
});
