import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { formatAgent, parseAgent } from './agent.ts';
import { formatBoot, parseBoot } from './boot.ts';
import { formatDrive, parseDrive } from './drive.ts';
import { formatIpConfig, parseIpConfig } from './ipconfig.ts';
import { formatNet, parseNet } from './net.ts';
import type { Properties } from './property-string.ts';
import { formatSize, parseSize } from './size.ts';
import { parseSlot } from './slot.ts';
import { parseSshKeys } from './sshkeys.ts';
import { formatTags, parseTags } from './tags.ts';

// What PVE's own code made of the same inputs.
interface Vector {
  readonly kind: string;
  readonly input: string;
  /** `null` or absent: PVE could not read it. */
  readonly parsed?: Readonly<Record<string, string | number>> | number | null;
  readonly printed?: string | number | null;
}

interface Vectors {
  readonly property_strings: readonly Vector[];
  readonly tags_default_style: readonly { readonly input: string; readonly unique: string }[];
  readonly cloudinit: readonly { readonly conf: Readonly<Record<string, string>> }[];
}

const file = join(process.env['FACTS_DIR'] ?? '../shared', 'data/pve-golden-vectors.json');
const isMissing = !existsSync(file) && process.env['FACTS_DIR'] === undefined;
const skipped = isMissing ? ' (skipped: ../shared is not here)' : '';
const vectors: Vectors = isMissing
  ? { property_strings: [], tags_default_style: [], cloudinit: [] }
  : (JSON.parse(readFileSync(file, 'utf8')) as Vectors);

// PVE rewrites the spelling of before version 5 with a rounding of its own; nothing writes it any more.
const LEFT_OUT = 'local-lvm:vm-100-disk-0,bps_rd=104857600';
const rows = vectors.property_strings.filter((row) => row.input !== LEFT_OUT);

/** What PVE's parser would have given for what ours gave, all values as text. */
function asPveParsed(row: Vector): Readonly<Record<string, string>> | null {
  if (row.kind.startsWith('drive:')) return driveParsed(row);
  switch (row.kind) {
    case 'net': {
      const net = parseNet(row.input);
      if (net === undefined) return null;
      const { mac: macaddr, model, bridge, tag, firewall, linkDown: link_down, rest } = net;
      return present({ ...rest, model, macaddr, bridge, tag, firewall, link_down });
    }
    case 'ipconfig': {
      const config = parseIpConfig(row.input);
      if (config === undefined) return null;
      const { rest, ...known } = config;
      return present({ ...rest, ...known });
    }
    case 'agent': {
      const agent = parseAgent(row.input);
      return agent === undefined ? null : present(agent.enabled ? { ...agent.rest, enabled: true } : {});
    }
    case 'boot': {
      const boot = parseBoot(row.input);
      if (boot === undefined) return null;
      return 'legacy' in boot ? { legacy: boot.legacy } : { order: boot.order.join(';') };
    }
    default:
      throw new Error(`no codec for ${row.kind}`);
  }
}

function driveParsed(row: Vector): Readonly<Record<string, string>> | null {
  const slot = parseSlot(row.kind.slice('drive:'.length));
  const drive = parseDrive(row.input);
  if (slot === undefined || drive === undefined) return null;
  const { file: source, media, sizeBytes: size, rest } = drive;
  return present({ ...rest, file: source, media, size, interface: slot.kind, index: slot.index });
}

function present(values: Readonly<Record<string, string | number | boolean | undefined>>): Properties {
  return Object.fromEntries(
    Object.entries(values)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, typeof value === 'boolean' ? String(Number(value)) : String(value)]),
  );
}

function printed(row: Vector): string | undefined {
  const format = <T>(parsed: T | undefined, print: (value: T) => string): string | undefined =>
    parsed === undefined ? undefined : print(parsed);
  if (row.kind.startsWith('drive:')) return format(parseDrive(row.input), formatDrive);
  if (row.kind === 'net') return format(parseNet(row.input), formatNet);
  if (row.kind === 'boot') return format(parseBoot(row.input), formatBoot);
  return format(parseSize(row.input), formatSize);
}

describe.skipIf(isMissing)(`property strings, against what PVE itself makes of them${skipped}`, () => {
  test('there are vectors', () => expect(rows.length).toBeGreaterThan(30));

  test.each(rows.filter((row) => row.kind !== 'size'))('$kind "$input" is read as PVE reads it', (row) => {
    const expected = typeof row.parsed === 'object' && row.parsed !== null ? present(row.parsed) : null;
    expect(asPveParsed(row)).toEqual(expected);
  });

  test.each(rows.filter((row) => row.kind === 'size'))('size "$input" is read as PVE reads it', (row) => {
    expect(parseSize(row.input) ?? null).toBe(row.parsed);
  });

  test.each(rows.filter((row) => row.printed !== undefined && row.printed !== null))(
    '$kind "$input" is written as PVE writes it',
    (row) => expect(printed(row)).toBe(String(row.printed)),
  );

  test.each(rows.filter((row) => row.kind === 'ipconfig' && row.parsed !== null))(
    'ipconfig "$input" means the same after having been written',
    (row) => {
      const config = parseIpConfig(row.input);
      expect(config === undefined ? undefined : parseIpConfig(formatIpConfig(config))).toEqual(config);
    },
  );

  test.each(rows.filter((row) => row.kind === 'agent'))(
    'agent "$input" means the same after having been written',
    (row) => {
      const agent = parseAgent(row.input);
      expect(agent === undefined ? undefined : parseAgent(formatAgent(agent))).toEqual(agent);
    },
  );

  test.each(vectors.tags_default_style)('tags "$input" become "$unique"', (row) => {
    expect(formatTags(parseTags(row.input))).toBe(row.unique);
  });

  test('stored SSH keys come apart into one key a line', () => {
    const stored = vectors.cloudinit.flatMap((row) => row.conf['sshkeys'] ?? []);
    expect(stored.length).toBeGreaterThan(0);
    expect(parseSshKeys(stored[0] ?? '')).toEqual(['ssh-ed25519 AAAA a@b', 'ssh-rsa BBBB']);
  });
});
