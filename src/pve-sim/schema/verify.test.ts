import { describe, expect, test } from 'vitest';
import { profileOf } from '../profiles/profiles.ts';
import { dnsNameFormat } from './formats.ts';
import { choice, flag, integer, listText, optional, type Schema, text } from './property.ts';
import { propertyFormat } from './property-format.ts';
import { normalised, problems } from './verify.ts';

const now = profileOf('9.2');
const check = (values: Readonly<Record<string, unknown>>, schema: Schema, release = '9.2') =>
  problems(values, schema, profileOf(release));

describe('of several problems of one value the first is told', () => {
  const name = { name: text({ format: dnsNameFormat, pattern: /[a-c]+/, maxLength: 3, enum: ['abc'] }) };
  test.each([
    ['a_b', 'invalid format - value does not look like a valid DNS name\n'],
    ['abcd', 'value does not match the regex pattern'],
    ['abca', 'value may only be 3 characters long'],
    ['ab', "value 'ab' does not have a value in the enumeration 'abc'"],
  ])('%s', (value, problem) => {
    expect(check({ name: value }, name)).toEqual({ name: problem });
  });
});

test('two problems of one parameter stand in one text', () => {
  const schema = { size: text(), format: { ...choice('raw'), optional: true, requires: 'size' } };
  expect(check({ format: 'raw' }, schema)).toEqual({
    size: "property is missing and it is not optional\\nmissing property required by 'format'",
  });
});

test('null is no value', () => {
  const schema = { vmid: integer(), name: optional(text()) };
  expect(check({ vmid: null, name: null }, schema)).toEqual({ vmid: 'property is missing and it is not optional' });
  expect(normalised({ vmid: 1, name: null }, schema)).toEqual({ vmid: '1' });
});

describe('arrays', () => {
  const schema: Schema = { words: { type: 'array', items: integer({ minimum: 2 }) } };

  test('are checked element by element; one value is an array of one', () => {
    expect(check({ words: ['2', '1', 'x'] }, schema)).toEqual({
      'words[1]': 'value must have a minimum value of 2',
      'words[2]': "type check ('integer') failed - got 'x'",
    });
    expect(check({ words: '1' }, schema)).toEqual({ 'words[0]': 'value must have a minimum value of 2' });
    expect(normalised({ words: '2' }, schema)).toEqual({ words: ['2'] });
  });

  test('are no objects', () => {
    expect(check({ words: { a: 1 } }, schema)).toEqual({ words: "type check ('array') failed" });
  });

  test('become a list in one text where the parameter is one, and are refused otherwise', () => {
    const lists: Schema = { names: listText(dnsNameFormat), name: optional(text()) };
    expect(check({ names: ['a', 'b'], name: ['a', 'b'] }, lists)).toEqual({
      name: "type check ('string') failed - got ARRAY",
    });
    expect(normalised({ names: ['a', 'b'] }, lists)).toEqual({ names: 'a,b' });
  });
});

test('JSON booleans pass since 8.0', () => {
  expect(check({ full: true }, { full: flag() }, '8.1')).toEqual({});
  expect(check({ full: true }, { full: flag() }, '7.4')).toEqual({
    full: "type check ('boolean') failed - got JSON::PP::Boolean",
  });
});

describe('property strings', () => {
  const disk = propertyFormat({
    schema: { file: text(), ssd: flag(), iops: optional(integer({ minimum: 1 })), cache: optional(choice('none')) },
    defaultKey: 'file',
    aliases: { volume: 'file' },
  });
  test.each([
    ['a,ssd=on,iops=1', undefined],
    ['volume=a, ,ssd=0', undefined],
    ['a,volume=b', 'duplicate key in comma-separated list property: file'],
    ['a,ssd=', 'missing key in comma-separated list property'],
    ['a,=1', 'missing key in comma-separated list property'],
    ['ssd=1', 'format error\ndisk.file: property is missing and it is not optional'],
    [
      'a,iops=0,cache=x',
      "format error\ndisk.iops: value must have a minimum value of 1\ndisk.cache: value 'x' does not have a value in the enumeration 'none'",
    ],
  ])('%s', (value, reason) => {
    expect(disk.check(value, 'disk', now)).toBe(reason);
  });
});
