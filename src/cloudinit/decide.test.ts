import { describe, expect, test } from 'vitest';
import { decideDelivery } from './decide.ts';

const some = new TextEncoder().encode('#cloud-config\n');
const none = undefined;
const empty = new Uint8Array();

describe('cloud-init reaches a guest', () => {
  test.each([
    ['auto', none, none, 'native'],
    ['auto', empty, empty, 'native'],
    ['auto', some, none, 'iso'],
    ['auto', none, some, 'iso'],
    ['iso', none, none, 'iso'],
    ['iso', some, none, 'iso'],
    ['native', none, none, 'native'],
    ['native', empty, none, 'native'],
  ] as const)('by setting %s, user data %j, meta data %j through %s', (setting, userData, metaData, expected) => {
    expect(decideDelivery(setting, { userData, metaData })).toBe(expected);
  });

  test.each([
    [some, none, 'user_data'],
    [some, some, 'user_data'],
    [none, some, 'meta_data'],
  ])('not at all by setting native when there are documents', (userData, metaData, field) => {
    const decide = (): unknown => decideDelivery('native', { userData, metaData });
    expect(decide).toThrow(expect.objectContaining({ kind: 'invalid-spec' }));
    expect(decide).toThrow(new RegExp(`^${field}: .*Set PVE_CLOUDINIT=auto`));
  });
});
