// The words and places of PVE's JSON parser (recording one-node/22 and JSON::XS's documentation).
import { expect, test } from 'vitest';
import { parseJson } from './perl-json.ts';

const NEITHER = 'malformed JSON string, neither tag, array, object, number, string or atom';

test.each([
  ['{"memory":', `${NEITHER}, at character offset 10 (before "(end of string)")`],
  ['', `${NEITHER}, at character offset 0 (before "(end of string)")`],
  ['{"memory":600}trailing', 'garbage after JSON object, at character offset 14 (before "trailing")'],
  ["{'memory':600}", `'"' expected, at character offset 1 (before "'memory':600}")`],
  ['{"a":1,}', `'"' expected, at character offset 7 (before "}")`],
  ['{"a" 1}', `':' expected, at character offset 5 (before "1}")`],
  ['{"a":1 "b":2}', ', or } expected while parsing object/hash, at character offset 7 (before ""b":2}")'],
  ['[1 2]', ', or ] expected while parsing array, at character offset 3 (before "2]")'],
  ['[1,]', `${NEITHER}, at character offset 3 (before "]")`],
  ['{"a":tru}', `'true' expected, at character offset 5 (before "tru}")`],
  ['{"a":"b', 'unexpected end of string while parsing JSON string, at character offset 7 (before "(end of string)")'],
  ['{"a":-}', 'malformed number (no digits after initial minus), at character offset 6 (before "}")'],
  [
    '{"a":01}',
    'malformed number (leading zero must not be followed by another digit), at character offset 6 (before "1}")',
  ],
  ['{"a":"\\x"}', 'illegal backslash escape sequence in string, at character offset 7 (before "x"}")'],
  [`{"a":1}${'x'.repeat(30)}`, `garbage after JSON object, at character offset 7 (before "${'x'.repeat(20)}...")`],
])('%s', (text, expected) => {
  expect(() => parseJson(text)).toThrow(`${expected} at /usr/share/perl5/`);
});

test('what is JSON is read, the last of two equal keys counts', () => {
  expect(parseJson('{"a":[1,"x",null,true],"a":-1.5e3}')).toEqual({ a: -1500 });
});
