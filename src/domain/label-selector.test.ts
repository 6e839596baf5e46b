import { describe, expect, test } from 'vitest';
import { checkLabelTerm, isMeant, type LabelOperator, type Labels } from './label-selector.ts';

const TERMS: readonly (readonly [
  labels: Labels,
  operator: LabelOperator,
  values: readonly string[],
  holds: boolean,
])[] = [
  [{ tier: 'db' }, 'In', ['db', 'cache'], true],
  [{ tier: 'web' }, 'In', ['db', 'cache'], false],
  [{}, 'In', ['db'], false],
  [{ tier: 'web' }, 'NotIn', ['db'], true],
  [{}, 'NotIn', ['db'], true],
  [{ tier: 'db' }, 'NotIn', ['db'], false],
  [{ tier: '' }, 'Exists', [], true],
  [{}, 'Exists', [], false],
  [{}, 'DoesNotExist', [], true],
  [{ tier: 'db' }, 'DoesNotExist', [], false],
];

describe('a term about a label', () => {
  test.each(TERMS)('%j is %s %j: %s', (labels, operator, values, holds) => {
    expect(isMeant(labels, { terms: [{ key: 'tier', operator, values }], namespaces: [] })).toBe(holds);
  });

  test('is not taken for one that objects inherit', () => {
    const terms = [{ key: 'constructor', operator: 'Exists', values: [] }] as const;
    expect(isMeant({}, { terms, namespaces: [] })).toBe(false);
  });

  test.each([
    ['In', [], /x.values: In needs values/],
    ['Exists', ['a'], /x.values: Exists has no values/],
  ] as const)('is refused where values and operator do not go together: %s %j', (operator, values, says) => {
    expect(() => checkLabelTerm({ key: 'tier', operator, values }, 'x')).toThrow(says);
  });
});
