import fc from 'fast-check';
import { describe, test } from 'vitest';
import { formatAgent, parseAgent } from './agent.ts';
import { formatBoot, parseBoot } from './boot.ts';
import { formatDrive, parseDrive } from './drive.ts';
import { formatIpConfig, parseIpConfig } from './ipconfig.ts';
import { formatMachine, parseMachine } from './machine.ts';
import { formatNet, NET_MODELS, parseNet } from './net.ts';
import { formatSmbios, parseSmbios } from './smbios.ts';
import { formatSshKeys, parseSshKeys } from './sshkeys.ts';
import { formatTags, parseTags } from './tags.ts';

/** What a text comes to when it is read and written; undefined where it cannot be read. */
function again<T>(
  parse: (text: string) => T | undefined,
  format: (value: T) => string,
): (text: string) => string | undefined {
  return (text) => {
    const value = parse(text);
    return value === undefined ? undefined : format(value);
  };
}

// Texts that are likely to be nearly right.
const key = fc.constantFrom(
  ...NET_MODELS,
  'bridge',
  'tag',
  'firewall',
  'size',
  'media',
  'ip',
  'gw',
  'ip6',
  'base64',
  'type',
);
const value = fc.oneof(
  fc.constantFrom('1', 'off', '32G', 'BC:24:11:00:00:01', 'dhcp', 'q35', '10.0.0.1/24'),
  fc.string(),
);
const pair = fc.tuple(key, value).map(([name, text]) => `${name}=${text}`);
const text = fc.oneof(
  fc.array(fc.oneof(pair, value), { maxLength: 6 }).map((parts) => parts.join(',')),
  fc.string(),
);

describe('any text at all', () => {
  test.each([
    ['net', again(parseNet, formatNet)],
    ['drive', again(parseDrive, formatDrive)],
    ['boot', again(parseBoot, formatBoot)],
    ['ipconfig', again(parseIpConfig, formatIpConfig)],
    ['agent', again(parseAgent, formatAgent)],
    ['machine', again(parseMachine, formatMachine)],
    ['smbios1', again(parseSmbios, formatSmbios)],
    ['sshkeys', again(parseSshKeys, formatSshKeys)],
    ['tags', again(parseTags, formatTags)],
  ] as const)('as %s is either unreadable or written the same way for ever', (_kind, readAndWrite) => {
    fc.assert(
      fc.property(text, (input) => {
        const once = readAndWrite(input);
        return once === undefined || readAndWrite(once) === once;
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});
