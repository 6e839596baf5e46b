import { describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '../object.ts';
import { isMissing, recording, WHY_SKIPPED } from '../recordings.ts';
import { yamlText } from './yaml-text.ts';

describe.skipIf(isMissing)(`the recorded YAML (${WHY_SKIPPED} if skipped)`, () => {
  test.each([
    ['an object', 8, 20],
    ['a list', 9, 21],
  ])('of %s is written from what was answered in JSON', (_, inYaml, inJson) => {
    expect(yamlText(filled(body('151', inJson)) as Json)).toBe(filled(raw('151', inYaml)));
  });

  test('of the groups', () => {
    expect(yamlText(body('010', 0))).toBe(raw('010', 3));
  });
});

function body(number: string, index: number): Json {
  return recording(number).exchanges[index]?.response.body ?? null;
}

/** What is not JSON. */
function raw(number: string, index: number): Json | undefined {
  return (body(number, index) as JsonObject)['$raw'];
}

/** With values of the right kind in place of placeholders; the token that stayed in the YAML is one too. */
function filled(value: unknown): unknown {
  const text = JSON.stringify(value)
    .replaceAll('<time>', '2001-02-03T04:05:06Z')
    .replaceAll(/<rv:(\d+)>/g, '70$1')
    .replaceAll(/<uid:(\d+)>/g, 'uid-$1')
    .replaceAll(/<continue:5>|eyJ2[A-Za-z0-9]+/g, 'token');
  return JSON.parse(text);
}

describe('a text in YAML', () => {
  test.each([
    ['on', '"on"\n'],
    ['n', '"n"\n'],
    ['1e3', '"1e3"\n'],
    ['0x1f', '"0x1f"\n'],
    ['2001-02-03', '"2001-02-03"\n'],
    ['', '""\n'],
    ['plain', 'plain\n'],
  ])('%j is %j', (text, yaml) => {
    expect(yamlText(text)).toBe(yaml);
  });
});
