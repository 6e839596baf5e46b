import { describe, expect, it } from 'vitest';
import { parseLabelSelector } from './labels.ts';

const LABELS = { tier: 'web', num: '5', zone: '', in: 'notin' };

const MATCHES: readonly (readonly [selector: string, matches: boolean])[] = [
  ['', true],
  ['tier=web', true],
  ['tier == db', false],
  ['tier!=web', false],
  ['absent!=web', true],
  ['tier in (web,db),zone notin (z1),!absent', true],
  ['tier', true],
  ['!tier', false],
  ['zone=', true],
  ['zone in ()', true],
  ['zone in (a,)', true],
  ['in in (notin)', true],
  ['num>3', true],
  ['num<5', false],
  ['tier>3', false],
  ['constructor', false],
];

// Texts of k8s.io/apimachinery 0.32 (131 shows the first).
const REFUSED: readonly (readonly [selector: string, message: string])[] = [
  ['tier in web', "unable to parse requirement: found 'web' expected: '('"],
  ['=web', "found '=', expected: !, identifier, or 'end of string'"],
  ['a,', "found '', expected: identifier after ','"],
  ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
  ['!a b', "found 'b', expected: ',' or 'end of string'"],
  ['a=(', "unable to parse requirement: found '(', expected: identifier"],
  ['a in (b c)', "unable to parse requirement: found 'c', expected: ',' or ')'"],
  [
    'a>b',
    `unable to parse requirement: values[0]: Invalid value: "b": for 'Gt', 'Lt' operators, the value must be an integer`,
  ],
];

describe('a label selector', () => {
  it.each(MATCHES)('%j: %s', (selector, matches) => {
    expect(parseLabelSelector(selector)(LABELS)).toBe(matches);
  });

  it.each(REFUSED)('%j is refused', (selector, message) => {
    expect(() => parseLabelSelector(selector)).toThrow(
      expect.objectContaining({ code: 400, reason: 'BadRequest', message }),
    );
  });

  it.each(['a_=b', '-a', 'a=é', `a=${'x'.repeat(64)}`])('%j names no label', (selector) => {
    expect(() => parseLabelSelector(selector)).toThrow('Invalid value');
  });
});
