// Secrets and ConfigMaps: texts and bytes by name, at most 1 MiB, frozen where they say so. A Secret's `stringData` is written
// into `data` and not kept; its type stays.
import { invalid, required, tooLong } from '../causes.ts';
import type { Json, KubeObject } from '../object.ts';
import { dataKey } from '../objects/names.ts';
import { textOf } from '../shape.ts';
import type { Cause } from '../status.ts';
import { changedThoughImmutable, members, ownKind } from './own-kind.ts';

const LIMIT_BYTES = 1024 * 1024;

export const SECRETS = ownKind('secrets', {
  prepare: (secret) => {
    const { stringData, ...kept } = secret;
    const written = Object.entries(members(stringData)).map(([key, value]) => [key, encode(value)] as const);
    const data = { ...members(secret['data']), ...Object.fromEntries(written) };
    const type = secret['type'] === undefined || secret['type'] === '' ? 'Opaque' : secret['type'];
    return { ...kept, ...(Object.keys(data).length === 0 ? {} : { data }), type };
  },
  check: (secret, old) => [
    ...wrongKeys(secret, 'data'),
    ...tooLongIf('data', byteLength(secret, 'data', decodedLength)),
    ...missingKeys(secret),
    ...(old === undefined
      ? []
      : [...changedType(secret, old), ...changedThoughImmutable(secret, old, ['immutable', 'data'])]),
  ],
});

export const CONFIG_MAPS = ownKind('configmaps', {
  check: (map, old) => [
    ...wrongKeys(map, 'data'),
    ...wrongKeys(map, 'binaryData'),
    ...Object.keys(members(map['data']))
      .filter((key) => members(map['binaryData'])[key] !== undefined)
      .map((key) => invalid(`data[${key}]`, key, 'duplicate of key present in binaryData')),
    // How Go names the place that has no name.
    ...tooLongIf('[]', byteLength(map, 'data', textLength) + byteLength(map, 'binaryData', decodedLength)),
    ...(old === undefined ? [] : changedThoughImmutable(map, old, ['immutable', 'data', 'binaryData'])),
  ],
});

/** Keys that a Secret of a type has to have. */
const KEYS_OF_TYPE: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
};

function missingKeys(secret: KubeObject): Cause[] {
  const data = members(secret['data']);
  return (KEYS_OF_TYPE[textOf(secret['type'])] ?? [])
    .filter((key) => data[key] === undefined)
    .map((key) => required(`data[${key}]`));
}

function changedType(secret: KubeObject, old: KubeObject): Cause[] {
  if (secret['type'] === old['type']) return [];
  return [invalid('type', secret['type'] ?? '', 'field is immutable')];
}

function wrongKeys(object: KubeObject, field: string): Cause[] {
  return Object.keys(members(object[field])).flatMap((key) =>
    dataKey(key).map((fault) => invalid(`${field}[${key}]`, key, fault)),
  );
}

function tooLongIf(field: string, bytes: number): Cause[] {
  return bytes > LIMIT_BYTES ? [tooLong(field, LIMIT_BYTES)] : [];
}

function byteLength(object: KubeObject, field: string, length: (value: string) => number): number {
  return Object.values(members(object[field])).reduce<number>((sum, value) => sum + length(textOf(value)), 0);
}

const textLength = (text: string): number => Buffer.byteLength(text);
const decodedLength = (text: string): number => Buffer.from(text, 'base64').length;

function encode(value: Json | undefined): string {
  return Buffer.from(textOf(value)).toString('base64');
}
