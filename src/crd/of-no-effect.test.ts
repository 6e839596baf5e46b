import { expect, test } from 'vitest';
import { parseManifests } from './manifests.ts';
import { fieldsOfNoEffect } from './of-no-effect.ts';

function idle(kind: string, spec: Readonly<Record<string, unknown>>): string[] {
  const object = { apiVersion: 'infra.virtrigaud.io/v1beta1', kind, metadata: { name: 'x' }, spec };
  return parseManifests(JSON.stringify(object))
    .flatMap(fieldsOfNoEffect)
    .map(({ field }) => field);
}

test.each([
  [
    'Provider',
    { rateLimit: { qps: 20 }, connectionPooling: { maxConnections: 2 } },
    ['spec.rateLimit', 'spec.connectionPooling'],
  ],
  ['VMClass', { cpus: 2, memory: '4Gi', diskDefaults: { size: '40Gi', iops: 500 } }, ['spec.diskDefaults.iops']],
  [
    'VirtualMachine',
    { powerState: true, disks: [{ name: 'a' }, { name: 'b', expandPolicy: 'Online', scsi: { controller: 1 } }] },
    ['spec.disks[1].expandPolicy', 'spec.disks[1].scsi.controller'],
  ],
  ['VMClone', { options: { retryPolicy: { maxRetries: 1 }, parallel: false } }, ['spec.options.retryPolicy']],
  ['VMSnapshot', { snapshotConfig: { quiesce: false, type: 'Crash' } }, ['spec.snapshotConfig.type']],
  ['VMPlacementPolicy', { antiAffinity: [{ key: 'a', operator: 'Exists' }], weight: 5 }, ['spec.weight']],
  ['Secret', { a: 1 }, []],
])('of a %s %j', (kind, spec, fields) => {
  expect(idle(kind, spec)).toEqual(fields);
});
