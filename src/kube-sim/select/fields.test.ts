import { describe, expect, it } from 'vitest';
import { parseFieldSelector } from './fields.ts';

const OBJECT = {
  apiVersion: 'example.test/v1',
  kind: 'Machine',
  metadata: { name: 'a1', namespace: 'default', uid: '', resourceVersion: '', creationTimestamp: '' },
  spec: { pool: 'red,blue', cpus: 2, on: true },
};

const MATCHES: readonly (readonly [selector: string, matches: boolean])[] = [
  ['', true],
  ['metadata.name=a1', true],
  ['metadata.name!=a1', false],
  ['metadata.namespace==default,metadata.name=a1', true],
  ['spec.pool=red\\,blue', true],
  ['spec.cpus=2,spec.on=true,spec.none=', true],
  [',metadata.name=a1,', true],
];

// Texts of k8s.io/apimachinery 0.32 (130 shows the first).
const REFUSED: readonly (readonly [selector: string, message: string])[] = [
  ['spec.color=red', 'field label not supported: spec.color'],
  ['metadata.name', "invalid selector: 'metadata.name'; can't understand 'metadata.name'"],
  ['metadata.name=a=b', 'invalid field selector: unescaped character in value: 61'],
  ['metadata.name=a\\b', 'invalid field selector: invalid escape sequence: \\b'],
];

describe('a field selector', () => {
  it.each(MATCHES)('%j: %s', (selector, matches) => {
    expect(parseFieldSelector(selector, ['spec.pool', 'spec.cpus', 'spec.on', 'spec.none'])(OBJECT)).toBe(matches);
  });

  it.each(REFUSED)('%j is refused', (selector, message) => {
    expect(() => parseFieldSelector(selector, [])).toThrow(
      expect.objectContaining({ code: 400, reason: 'BadRequest', message }),
    );
  });
});
