// Values as PVE's own code reads and prints them: property strings, sizes, tags, task ids, the types in a config.
import { describe, expect, test } from 'vitest';
import { parseIpconfig } from '#pve-sim/cloudinit/ipconfig';
import { profileOf } from '#pve-sim/profiles/profiles';
import { agentEnabled } from '#pve-sim/qemu/guest-status';
import { jsonValue } from '#pve-sim/schema/json-value';
import { vmOptions } from '#pve-sim/schema/vm-options';
import { problems } from '#pve-sim/schema/verify';
import { formatUpid, parseUpid } from '#pve-sim/tasks/upid';
import { formatDrive, parseDrive } from '#pve-sim/world/drive';
import { formatNic, parseNic } from '#pve-sim/world/net';
import { formatProperties, parseProperties } from '#pve-sim/world/property-string';
import { formatSize, parseSize } from '#pve-sim/world/size';
import { normaliseTags } from '#pve-sim/world/tags';
import { isMissing, type PropertyVector, skipNote, vectors } from './golden-vectors.ts';

const profile = profileOf('9.2');
const schema = vmOptions(profile);
const refusal = (option: string, value: string): string | undefined =>
  problems({ [option]: value }, schema, profile)[option];

/** Keys that are booleans in the option's description become numbers, as PVE's parser has them. */
function typed(option: string, values: Readonly<Record<string, string>>): Record<string, unknown> {
  const keys = schema[option]?.format?.content?.schema ?? {};
  const entries = Object.entries(values);
  return Object.fromEntries(entries.map(([key, text]) => [key, keys[key]?.type === 'boolean' ? Number(text) : text]));
}

interface Reading {
  readonly parsed: unknown;
  readonly printed?: string | number;
}

function read({ kind, input }: PropertyVector): Reading {
  const [name = '', key = ''] = kind.split(':');
  if (name === 'drive') return readDrive(key, input);
  if (name === 'net') return readNic(input);
  if (name === 'size') return readSize(input);
  if (name === 'ipconfig') return readIpconfig(input);
  if (name === 'agent')
    return { parsed: agentEnabled({ agent: input }) ? typed('agent', parseProperties(input, 'enabled')) : {} };
  const parsed = parseProperties(input, 'legacy');
  return { parsed, printed: formatProperties(parsed, 'legacy') };
}

/** What is refused leaves the NIC without any address. */
function readIpconfig(input: string): Reading {
  const parsed = refusal('ipconfig0', input) === undefined ? parseIpconfig(input) : {};
  return { parsed: Object.keys(parsed).length === 0 ? null : parsed };
}

function readNic(input: string): Reading {
  if (refusal('net0', input) !== undefined) return { parsed: null };
  const nic = parseNic(input);
  return {
    parsed: { ...typed('net0', nic.options), model: nic.model, macaddr: nic.mac },
    printed: formatNic(nic),
  };
}

function readDrive(key: string, input: string): Reading {
  const { file, options } = parseDrive(input);
  const [, bus = '', index = ''] = /^(\D+)(\d+)$/.exec(key) ?? [];
  const size = options['size'] === undefined ? {} : { size: parseSize(options['size']) };
  return {
    parsed: { ...typed(key, options), ...size, file, interface: bus, index },
    printed: formatDrive({ file, options }),
  };
}

function readSize(input: string): Reading {
  const bytes = parseSize(input);
  return { parsed: bytes ?? null, ...(bytes === undefined ? {} : { printed: formatSize(bytes) }) };
}

describe.skipIf(isMissing)(`values are read and printed as PVE does${skipNote}`, () => {
  test('there is something to compare with', () => {
    const { property_strings: strings, tags_default_style: tags, upid, config_files: files } = vectors;
    expect([strings, tags, upid, files].every((list) => list.length > 1)).toBe(true);
  });

  test.each(vectors.property_strings.map((row) => [`${row.kind} ${row.input}`, row] as const))('%s', (_, row) => {
    if (row.error !== undefined) {
      expect(refusal(row.kind, row.input)).toBe(`invalid format - ${row.error}`);
      return;
    }
    const { parsed, printed } = read(row);
    expect(parsed).toEqual(row.parsed);
    if (row.printed !== undefined && row.printed !== null) expect(String(printed)).toBe(String(row.printed));
  });

  test.each(vectors.tags_default_style.map(({ input, unique }) => [input, unique] as const))(
    'the tags "%s" are "%s"',
    (input, unique) => {
      expect(normaliseTags(input, { caseSensitive: false, sorted: true })).toBe(unique);
    },
  );

  test.each(vectors.upid.map((row) => [row.upid, row] as const))('%s', (upid, row) => {
    expect(formatUpid(row.in)).toBe(upid);
    expect(parseUpid(upid)).toEqual(row.decoded);
  });

  test.each(vectors.config_files.map((row) => [String(row.parsed['digest']), row] as const))(
    'the options of the config %s have the types that PVE gives them',
    (_, { parsed }) => {
      for (const [key, value] of Object.entries(parsed)) {
        if (typeof value === 'string' || typeof value === 'number')
          expect(jsonValue(profile, key, `${value}`)).toBe(value);
      }
    },
  );
});
