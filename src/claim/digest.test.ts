import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { requestDigest } from './digest.ts';

describe('the request digest', () => {
  it('is the version and 16 hex digits of the SHA-256 of canonical JSON', () => {
    const json = '{"class_json":{"CPU":2},"name":"web","tags":["b","a"]}';
    const expected = `1${createHash('sha256').update(json).digest('hex').slice(0, 16)}`;
    expect(requestDigest({ tags: ['b', 'a'], name: 'web', class_json: { CPU: 2 } })).toBe(expected);
  });

  it('does not see what is not said, at any depth', () => {
    const bare = requestDigest({ name: 'web' });
    const verbose = { name: 'web', tags: [], user_data: new Uint8Array(), a: { b: [null, '', 0, false, { c: {} }] } };
    expect(requestDigest(verbose)).toBe(bare);
  });

  it('sees bytes, order of lists, and every value', () => {
    const digests = [
      { name: 'web' },
      { name: 'web', user_data: new TextEncoder().encode('a') },
      { name: 'web', user_data: new TextEncoder().encode('b') },
      { name: 'web', tags: ['a', 'b'] },
      { name: 'web', tags: ['b', 'a'] },
    ].map(requestDigest);
    expect(new Set(digests).size).toBe(digests.length);
  });
});
