import { expect, test } from 'vitest';
import { OWN_KINDS } from '../kinds/own-kinds.ts';
import type { Json } from '../object.ts';
import { goTypeFault } from './go-types.ts';

const field = (found: string, place: string, type: string): string =>
  `json: cannot unmarshal ${found} into Go struct field ${place} of type ${type}`;

test.each<[string, Json, string | undefined]>([
  ['ConfigMap', { data: { a: 'b', c: null } }, undefined],
  ['ConfigMap', { data: { a: 1 } }, field('number', 'ConfigMap.data', 'string')],
  ['ConfigMap', { data: ['a'] }, field('array', 'ConfigMap.data', 'map[string]string')],
  ['ConfigMap', { binaryData: { a: '' } }, undefined],
  ['ConfigMap', { immutable: 'yes' }, field('string', 'ConfigMap.immutable', 'bool')],
  ['ConfigMap', { metadata: { labels: { a: true } } }, field('bool', 'ObjectMeta.metadata.labels', 'string')],
  ['Secret', { data: { a: 'not base64!' } }, 'illegal base64 data at input byte 3'],
  ['Secret', { data: { a: 1 } }, field('number', 'Secret.data', '[]uint8')],
  ['ServiceAccount', { secrets: [{ name: 1 }] }, field('number', 'ObjectReference.secrets.name', 'string')],
  ['ServiceAccount', { secrets: {} }, field('object', 'ServiceAccount.secrets', '[]v1.ObjectReference')],
  [
    'Lease',
    { spec: { leaseDurationSeconds: 1.5 } },
    field('number 1.5', 'LeaseSpec.spec.leaseDurationSeconds', 'int32'),
  ],
  ['Lease', { spec: { renewTime: '2026-01-01T00:00:00.000000Z' } }, undefined],
  [
    'Lease',
    { spec: { renewTime: 'now' } },
    'parsing time "now" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "now" as "2006"',
  ],
  [
    'Lease',
    { spec: { acquireTime: '2026-01-01T00:00:00.5Z' } },
    'parsing time "2026-01-01T00:00:00.5Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse ".5Z" as ".000000"',
  ],
  ['Event', { firstTimestamp: '2026-01-01T00:00:00.5Z' }, undefined],
  [
    'Event',
    { firstTimestamp: '2026-01-01' },
    'parsing time "2026-01-01" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "T"',
  ],
  ['Event', { firstTimestamp: '2026-02-30T00:00:00Z' }, 'parsing time "2026-02-30T00:00:00Z": day out of range'],
  ['CustomResourceDefinition', { spec: { versions: [{ schema: { openAPIV3Schema: { default: 5 } } }] } }, undefined],
  ['Namespace', { unknown: 5 }, undefined],
])('%s %j', (kind, value, fault) => {
  const { schema } = OWN_KINDS.find(({ resource }) => resource.kind === kind) ?? {};
  expect(goTypeFault(value, schema ?? {}, kind)).toBe(fault);
});
