import { describe, expect, test } from 'vitest';
import { decodeContinue, encodeContinue } from './continue-token.ts';

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('a continue token', () => {
  test('is read back as it was written', () => {
    const place = { revision: 42, after: 'default/a1' };
    expect(decodeContinue(encodeContinue(place))).toEqual(place);
    expect(decodeContinue(encodeContinue({ ...place, revision: -1 })).revision).toBe(-1);
  });

  test.each([
    // Recording 147.
    ['bogus', 'illegal base64 data at input byte 4'],
    ['ab cd', 'illegal base64 data at input byte 2'],
    [encoded({ v: 'v2', rv: 1, start: 'a' }), 'server does not recognize this encoded version "v2"'],
    [encoded({ v: 'meta.k8s.io/v1', rv: 0, start: 'a' }), 'incorrect encoded start resourceVersion'],
    [encoded({ v: 'meta.k8s.io/v1', rv: 7 }), 'encoded start key empty'],
    [encoded([]), 'server does not recognize this encoded version ""'],
    [encoded(null), 'server does not recognize this encoded version ""'],
  ])('that is none is refused: %s', (token, says) => {
    expect(() => decodeContinue(token)).toThrow(`invalid continue token: continue key is not valid: ${says}`);
  });
});
