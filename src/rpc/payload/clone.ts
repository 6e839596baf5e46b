// The Clone on the wire. class_json is the VMClass as its CRD has it (camelCase), customize_json likewise. What PVE and
// cloud-init cannot do is refused by name, before anything is copied.
import { Fault, invalidSpec } from '#domain/fault';
import { checkVmName, normaliseTags } from '#domain/names';
import { KEPT_SIZE, NO_PLACEMENT, type NicSpec, type VmSpec } from '#domain/vm-spec';
import { withExtraWords } from './extra-words.ts';
import { type JsonObject, parseJsonField, type ReadValue, readObject, wrongType } from './json-object.ts';
import { decodeNetworks } from './networks.ts';
import { decodePlacement } from './placement.ts';
import { decodeSize } from './size.ts';
import { flag, text, textList } from './values.ts';

/** The JSON fields of a Clone, parsed; undefined where they are empty. */
export interface CloneFields {
  readonly class: unknown;
  readonly placement: unknown;
  readonly customize: unknown;
}

export interface CloneAsked {
  readonly targetName: string;
  /** VMID of the source, in decimal. */
  readonly source: string;
  readonly linked: boolean;
  readonly fields: CloneFields;
}

export function parseCloneFields(request: {
  readonly classJson: string;
  readonly placementJson: string;
  readonly customizeJson: string;
}): CloneFields {
  return {
    class: parseJsonField('class_json', request.classJson),
    placement: parseJsonField('placement_json', request.placementJson),
    customize: parseJsonField('customize_json', request.customizeJson),
  };
}

/** The wish in a Clone; throws `invalid-spec` or `unsupported` naming the field for what cannot be. */
export function decodeClone({ targetName, source, linked, fields }: CloneAsked): VmSpec {
  const name = checkVmName(targetName, 'target_name');
  const { snapshot, ...customized } = decodeCustomize(fields.customize, name);
  const keepsSize = fields.class === undefined || fields.class === null;
  return withExtraWords({
    name,
    clone: { keepsSize },
    size: keepsSize ? KEPT_SIZE : decodeSize(fields.class, 'class_json'),
    image: {
      kind: 'template',
      ref: source,
      cloneMode: linked ? 'linked' : 'full',
      snapshot,
      node: undefined,
      storage: undefined,
    },
    disks: undefined,
    placement: decodeOwnPlacement(fields.placement),
    ...customized,
  });
}

/** The name of a VMPlacementPolicy that a caller gives instead of what it says; undefined where there is none. */
export function placementName({ placement }: CloneFields): string | undefined {
  const name = isRecord(placement) ? placement['name'] : undefined;
  return typeof name === 'string' && name.trim() !== '' ? name : undefined;
}

/** The fields without what may be secret: that is in the ISO. */
export function withoutSecrets(fields: CloneFields): CloneFields {
  if (!isRecord(fields.customize)) return fields;
  const { userData: _userData, UserData: _UserData, ...customize } = fields.customize;
  return { ...fields, customize };
}

function decodeOwnPlacement(value: unknown): VmSpec['placement'] {
  if (!isRecord(value)) return decodePlacement(value, 'placement_json');
  const { name, ...own } = value;
  if (name !== undefined && name !== null) text(name, 'placement_json.name');
  return Object.keys(own).length === 0 ? NO_PLACEMENT : decodePlacement(own, 'placement_json');
}

type Customized = Pick<VmSpec, 'networks' | 'tags' | 'userData' | 'metaData'> & { snapshot: string | undefined };

const PATH = 'customize_json';

function decodeCustomize(value: unknown, name: string): Customized {
  return readObject((object) => readCustomize(object, name))(value ?? {}, PATH);
}

function readCustomize(object: JsonObject, name: string): Customized {
  for (const { key, why, remedy } of IMPOSSIBLE) {
    if (object.get(key, says) === true) throw refused(object.at(key), why, remedy);
  }
  const given = object.get('UserData', readObject(readUserData));
  const zone = object.get('TimeZone', timeZone);
  if (given !== undefined && zone !== undefined) {
    throw refused(object.at('TimeZone'), 'there is user data beside it', 'Set it there ("timezone: ...")');
  }
  const userData = given ?? (zone === undefined ? undefined : `#cloud-config\ntimezone: ${JSON.stringify(zone)}\n`);
  const fqdn = hostName(object, name);
  return {
    snapshot: object.get('Snapshot', text) ?? undefined,
    networks: object.get('Networks', readNetworks),
    tags: normaliseTags(object.get('Tags', textList) ?? [], object.at('Tags')),
    userData: userData === undefined ? undefined : encode(userData),
    metaData: metaDataOf(
      fqdn === name ? undefined : fqdn,
      object.get('SSHKeys', textList, { sshKeys: textList }) ?? [],
    ),
  };
}

/** PVE and cloud-init give a guest the name of its VM unless they are told another one. */
function metaDataOf(fqdn: string | undefined, sshKeys: readonly string[]): Uint8Array | undefined {
  const lines = [
    ...(fqdn === undefined ? [] : [`local-hostname: ${JSON.stringify(fqdn)}\n`]),
    ...(sshKeys.length === 0 ? [] : [`public-keys: ${JSON.stringify(sshKeys)}\n`]),
  ];
  return lines.length === 0 ? undefined : encode(lines.join(''));
}

const IMPOSSIBLE = [
  {
    key: 'Sysprep',
    why: 'PVE has no such thing',
    remedy: 'Generalise the source, and give an answer file or Cloudbase-Init user data',
  },
  {
    key: 'GuestCommands',
    why: 'it would need a guest that runs, with its agent',
    remedy: 'Use "runcmd" in the user data',
  },
  { key: 'Certificates', why: 'PVE has no such thing', remedy: 'Use "ca_certs" or "write_files" in the user data' },
] as const;

function refused(subject: string, why: string, remedy: string): Fault {
  return new Fault('unsupported', { subject, wanted: 'clone', why, remedy });
}

function hostName(object: JsonObject, name: string): string {
  const host = object.get('Hostname', text) ?? undefined;
  const domain = object.get('Domain', text) ?? undefined;
  if (host === undefined && domain === undefined) return name;
  const key = host === undefined ? 'Domain' : 'Hostname';
  return checkVmName([host ?? name, ...(domain === undefined ? [] : [domain])].join('.'), object.at(key));
}

const timeZone: ReadValue<string> = (value, path) => {
  const zone = text(value, path);
  if (/^[A-Za-z0-9][\w+-]*(\/[\w+-]+)*$/.test(zone)) return zone;
  throw invalidSpec(path, `"${zone}" is not the name of a time zone`, 'Write it like "Europe/Berlin"');
};

function readUserData(object: JsonObject): string | undefined {
  const cloudInit = object.get('CloudInit', readObject(readDocument));
  const ignition = object.get('Ignition', readObject(readDocument));
  if (cloudInit === undefined || ignition === undefined) return cloudInit ?? ignition;
  throw invalidSpec(object.at('Ignition'), 'there is cloud-init user data beside it', 'Keep one of them');
}

function readDocument(object: JsonObject): string | undefined {
  if (object.get('SecretRef', says) === true) {
    const why = 'only whoever can read the cluster of the VMClone knows what is in it';
    throw refused(object.at('SecretRef'), why, 'Give the document as "inline"');
  }
  return object.get('Inline', wholeText);
}

/** Byte for byte: no blank of it is cut off. */
const wholeText: ReadValue<string> = (value, path) => {
  if (typeof value !== 'string') throw wrongType(path, 'a text', value);
  return value;
};

function readNetworks(value: unknown, path: string): readonly NicSpec[] | undefined {
  if (!Array.isArray(value)) throw wrongType(path, 'a list', value);
  return decodeNetworks(
    value.map((nic, index) => readNic(nic, `${path}[${index}]`)),
    path,
  );
}

/** As networks_json has it: a prefix instead of a mask, a policy instead of a flag. */
function readNic(value: unknown, path: string): unknown {
  if (!isRecord(value)) throw wrongType(path, 'an object', value);
  const { subnetMask, dhcp, ...rest } = value;
  const isDhcp = dhcp !== undefined && dhcp !== null && flag(dhcp, `${path}.dhcp`);
  const mask = subnetMask === undefined || subnetMask === null ? '' : text(subnetMask, `${path}.subnetMask`);
  const address = rest['ipAddress'];
  const hasAddress = typeof address === 'string' && address.trim() !== '';
  if (hasAddress && mask === '' && !address.includes('/')) {
    const remedy = 'Set subnetMask, or write it like "192.168.1.100/24"';
    throw invalidSpec(`${path}.ipAddress`, `"${address}" has no subnet mask`, remedy);
  }
  if (mask !== '' && !hasAddress) {
    const why = 'there is no address it could belong to';
    throw invalidSpec(`${path}.subnetMask`, why, 'Set ipAddress, or remove the mask');
  }
  return {
    ...rest,
    ...(isDhcp ? { ipPolicy: 'dhcp' } : {}),
    ...(mask === '' ? {} : { prefix: prefixOf(mask, `${path}.subnetMask`) }),
  };
}

/** 24 for 255.255.255.0. */
function prefixOf(mask: string, path: string): number {
  const bytes = mask.split('.').map(Number);
  const bits = bytes.map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const isMask = bytes.length === 4 && bytes.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255);
  if (isMask && /^1+0*$/.test(bits)) return bits.indexOf('0') === -1 ? 32 : bits.indexOf('0');
  throw invalidSpec(path, `"${mask}" is not a subnet mask`, 'Write it like "255.255.255.0"');
}

/** Whether anything is asked for. */
function says(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === 0 || value === false) return false;
  return typeof value === 'object' ? Object.values(value).some(says) : true;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const encode = (document: string): Uint8Array => new TextEncoder().encode(document);
