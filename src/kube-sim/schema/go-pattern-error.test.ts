import { expect, test } from 'vitest';
import { goPatternError } from './go-pattern-error.ts';

// Texts of Go's regexp/syntax.
test.each([
  ['[a', 'missing closing ]: `[a`'],
  ['(a|(b)', 'missing closing ): `(a|(b)`'],
  ['a)', 'unexpected ): `a)`'],
  ['a|*', 'missing argument to repetition operator: `*`'],
  ['a???', 'invalid nested repetition operator: `???`'],
  ['a{2}{3}', 'invalid nested repetition operator: `{2}{3}`'],
  ['a{1,1001}', 'invalid repeat count: `{1,1001}`'],
  ['a{2,1}', 'invalid repeat count: `{2,1}`'],
  ['a\\', 'trailing backslash at end of expression: ``'],
  ['\\q', 'invalid escape sequence: `\\q`'],
  ['\\x4', 'invalid escape sequence: `\\x4`'],
  ['[a-\\d]', 'invalid escape sequence: `\\d`'],
  ['[z-a]', 'invalid character class range: `z-a`'],
  ['[[:foo:]]', 'invalid character class range: `[:foo:]`'],
  ['\\p{Foo}', 'invalid character class range: `\\p{Foo}`'],
  ['^(?=.*[a-z])', 'invalid or unsupported Perl syntax: `(?=`'],
  ['(?P=n)', 'invalid or unsupported Perl syntax: `(?P`'],
  ['(?<!a)b', 'invalid named capture: `(?<!a)b`'],
])('%s is no pattern', (pattern, error) => {
  expect(goPatternError(pattern)).toBe(error);
});

test.each([
  '[]a]',
  '(?i:x)',
  '(?P<1a>x)',
  'a{,2}',
  'a{2',
  '[[:alpha:]-z]',
  '\\Qa**\\E*',
  '\\p{Greek}\\pN',
  '[A-\\x61b]',
])('%s is one', (pattern) => {
  expect(goPatternError(pattern)).toBeUndefined();
});
