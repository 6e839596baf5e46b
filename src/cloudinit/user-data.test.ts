import { describe, expect, test } from 'vitest';
import { checkUserData } from './user-data.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

const PASSING: readonly (readonly [what: string, content: Uint8Array])[] = [
  ['nothing', encode('')],
  ['a #cloud-config', encode('#cloud-config\nhostname: web\nusers:\n  - name: ubuntu\n')],
  ['a #cloud-config without content', encode('#cloud-config\n')],
  ['a key that is there twice, as cloud-init reads it', encode('#cloud-config\na: 1\na: 2\n')],
  ['a tag that only cloud-init knows', encode('#cloud-config\na: !!binary aGk=\n')],
  ['a script', encode('#!/bin/sh\necho "a: [b"\n')],
  ['an include', encode('#include\nhttps://example.com/: [\n')],
  ['an archive, whose content is not ours to check', encode('#cloud-config-archive\n- type: [\n')],
  ['a Jinja template, which is no YAML yet', encode('## template: jinja\n#cloud-config\na: {{ [\n')],
  ['MIME', encode('Content-Type: multipart/mixed; boundary="x"\n\n--x\n: [\n')],
  ['gzip', Uint8Array.of(0x1f, 0x8b, 8, 0, 255, 254)],
  ['Ignition', encode('{"ignition":{"version":"3.4.0"}}')],
  ['2 MiB', encode(`#!${'x'.repeat(2 * 1024 ** 2 - 2)}`)],
];

const REFUSED: readonly (readonly [what: string, content: Uint8Array, says: string])[] = [
  ['broken YAML', encode('#cloud-config\nhostname: web\nusers: [a\n'), 'line 3'],
  ['a list', encode('#cloud-config\n- a\n'), 'has to be a mapping'],
  ['plain text', encode('#cloud-config\nhello\n'), 'has to be a mapping'],
  ['a tab as indentation', encode('#cloud-config\na:\n\tb: c\n'), 'line 3'],
  ['two documents', encode('#cloud-config\na: b\n---\nc: d\n'), 'multiple documents'],
  ['what is no UTF-8', Uint8Array.of(...encode('#cloud-config\na: '), 0xff), 'not UTF-8'],
  ['broken YAML under a header in capitals, after blank lines', encode('\n\n#Cloud-Config\na: [b\n'), 'not valid YAML'],
  ['more than 2 MiB', encode('x'.repeat(2 * 1024 ** 2 + 1)), '2097153 bytes'],
];

describe('user data', () => {
  test.each(PASSING)('may be %s', (_, content) => {
    expect(() => checkUserData(content)).not.toThrow();
  });

  test.each(REFUSED)('may not be %s', (_, content, says) => {
    expect(() => checkUserData(content)).toThrow(expect.objectContaining({ kind: 'invalid-spec' }));
    expect(() => checkUserData(content)).toThrow(/^user_data: /);
    expect(() => checkUserData(content)).toThrow(says);
  });

  test.each(['password: x\n  hunter2: y\n', 'a: |hunter2\n', 'a: [b] hunter2\n', ': : hunter2\n]hunter2\n'])(
    'is never quoted by an error, since it may hold a password: %j',
    (content) => {
      expect(() => checkUserData(encode(`#cloud-config\n${content}`))).toThrow(/^(?!.*hunter2)/);
    },
  );
});
