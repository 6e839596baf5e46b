import { expect, it } from 'vitest';
import { rawOf, snapshotsOf } from './raw.ts';

it.each([
  ['texts', '{"vmid":"100","node":"pve1"}', { vmid: '100', node: 'pve1' }],
  ['what is no text', '{"vmid":100,"tags":["a"]}', { vmid: '100', tags: '["a"]' }],
  ['nothing of what is no object', '[1]', {}],
  ['nothing of what is no JSON', 'nothing', {}],
  ['nothing of nothing', '', {}],
])('what a provider tells is read: %s', (_title, providerRawJson, raw) => {
  expect(rawOf({ providerRawJson })).toEqual(raw);
});

it.each([
  [
    'ours',
    '[{"name":"a","time":"2026-01-01T00:00:00Z","memory":true}]',
    [expect.objectContaining({ id: 'a', hasMemory: true })],
  ],
  ['those without a time left out', '[{"name":"current"}]', []],
  ['in words of somebody else', '3 snapshots', undefined],
  ['a number', '3', undefined],
])('snapshots: %s', (_title, snapshots, seen) => {
  expect(snapshotsOf({ snapshots })).toEqual(seen);
});
