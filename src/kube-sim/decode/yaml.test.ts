import { describe, expect, it } from 'vitest';
import { decodeYaml } from './yaml.ts';

const SCALARS: readonly (readonly [word: string, value: unknown])[] = [
  ['On', true],
  ['y', true],
  ['off', false],
  ['~', null],
  ['', null],
  ['"y"', 'y'],
  ['!!str On', 'On'],
  ['010', 8],
  ['08', 8],
  ['0x1F', 31],
  ['-0b11', -3],
  ['1_000', 1000],
  ['2.50', 2.5],
  ['1e3', 1000],
  ['1:30', '1:30'],
  ['2001-01-01', '2001-01-01'],
  ['10Gi', '10Gi'],
  ['.inf', '.inf'],
];

const REFUSED: readonly (readonly [text: string, message: string])[] = [
  ['a: [', 'error converting YAML to JSON: yaml: line 1: '],
  ['a: &a [*a]', 'exceeded max depth'],
  ['? [a]\n: b', 'unsupported map key'],
  ['- '.repeat(5000), 'error converting YAML to JSON: yaml: '],
  [`a: &a [x]\n${bombs(20)}`, 'document contains excessive aliasing'],
];

describe('a body in YAML', () => {
  it.each(SCALARS)('`%s` means what it means to Go', (word, value) => {
    expect(decodeYaml(`a: ${word}\n`).value).toEqual({ a: value });
  });

  it('may use anchors and merges, and only its first document counts', () => {
    const text = 'a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}\nc: [*x]\n1: one\n---\nd: 1\n';
    expect(decodeYaml(text).value).toEqual({ a: { p: 1, q: 2 }, b: { p: 1, q: 3 }, c: [{ p: 1, q: 2 }], 1: 'one' });
  });

  it('tells members that come twice by their line, the last one wins', () => {
    expect(decodeYaml('spec:\n  pool: red\n  pool: blue\n')).toEqual({
      value: { spec: { pool: 'blue' } },
      duplicates: ['spec.pool'],
      strictErrors: ['yaml: unmarshal errors:\n  line 3: key "pool" already set in map'],
    });
  });

  it.each(REFUSED.map(([text, message]) => [text.slice(0, 40), text, message]))('%j is refused', (_, text, message) => {
    expect(() => decodeYaml(text)).toThrow(expect.objectContaining({ message: expect.stringContaining(message) }));
  });
});

/** Each list has the one before it ten times. */
function bombs(levels: number): string {
  const name = (level: number): string => (level === 0 ? 'a' : `a${level}`);
  const lines = Array.from({ length: levels }, (_, level) => {
    return `${name(level + 1)}: &${name(level + 1)} [${Array.from({ length: 10 }, () => `*${name(level)}`).join(', ')}]`;
  });
  return lines.join('\n');
}
