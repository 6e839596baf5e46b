import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeJson } from './json.ts';

// Texts as Go 1.23 has them (156 shows four of them).
const REFUSED: readonly (readonly [text: string, message: string])[] = [
  ['', 'unexpected end of JSON input'],
  ['{"a":', 'unexpected end of JSON input'],
  ['"abc', 'unexpected end of JSON input'],
  ['{"a":1} {}', "invalid character '{' after top-level value"],
  ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
  ['{1:2}', "invalid character '1' looking for beginning of object key string"],
  ['{"a" 1}', "invalid character '1' after object key"],
  ['{"a":1 "b":2}', `invalid character '"' after object key:value pair`],
  ['[1 2]', "invalid character '2' after array element"],
  ['[1,]', "invalid character ']' looking for beginning of value"],
  ["'a'", String.raw`invalid character '\'' looking for beginning of value`],
  ['\u{feff}{}', "invalid character 'ï' looking for beginning of value"],
  ['"\n"', String.raw`invalid character '\n' in string literal`],
  [String.raw`"\x"`, "invalid character 'x' in string escape code"],
  [String.raw`"\u12"`, String.raw`invalid character '"' in \u hexadecimal character escape`],
  ['-x', "invalid character 'x' in numeric literal"],
  ['1.', "invalid character ' ' after decimal point in numeric literal"],
  ['1e+]', "invalid character ']' in exponent of numeric literal"],
  ['01', "invalid character '1' after top-level value"],
  ['falsy', "invalid character 'y' in literal false (expecting 'e')"],
  ['[1e400]', 'json: cannot unmarshal number 1e400 into Go value of type float64'],
  ['['.repeat(100_000), "invalid character '[' exceeded max depth"],
];

const TWICE: readonly (readonly [text: string, duplicates: readonly string[]])[] = [
  ['{"metadata":{"name":"v6","name":"v6b"},"spec":{"pool":"red","pool":"blue"}}', ['metadata.name', 'spec.pool']],
  ['{"a":1,"a":2,"a":3}', ['a']],
  ['{"disks":[{"name":1},{"name":1,"name":2}]}', ['disks[1].name']],
  ['[{"a":1,"a":2}]', ['[0].a']],
];

describe('a body in JSON', () => {
  it.each(REFUSED)('%j is refused in the words of Go', (text, message) => {
    expect(() => decodeJson(text)).toThrow(expect.objectContaining({ name: 'JsonSyntaxError', message }));
  });

  it.each(TWICE)('%s: members that come twice are told once', (text, duplicates) => {
    expect(decodeJson(text)).toEqual({
      value: JSON.parse(text),
      duplicates,
      strictErrors: duplicates.map((path) => `duplicate field "${path}"`),
    });
  });

  it('is what JSON.parse makes of it', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(3), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(decodeJson(text).value).toEqual(JSON.parse(text));
      }),
      { seed: 1 },
    );
  });

  it.each(['2.0', '1e1', '-0', '9007199254740991'])('%s is a number as it stands', (text) => {
    expect(decodeJson(text).value).toBe(Number(text) + 0);
  });

  it('changes no prototype, whatever members are called', () => {
    const { value } = decodeJson('{"__proto__":{"admin":true},"constructor":1}');
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(JSON.stringify(value)).toBe('{"__proto__":{"admin":true},"constructor":1}');
  });
});
