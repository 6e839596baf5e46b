import type { Retention, SnapshotWish } from '#domain/snapshot-wish';
import { type Manifest, manifestTitle } from '../manifests.ts';
import { milliseconds } from '../read-duration.ts';
import { readSpec } from '../read-spec.ts';
import { namespaceOf } from '../refer.ts';
import { NOT_ON_PVE, NOT_YET, refuse } from '../refuse.ts';
import { sayOnce } from '../say-once.ts';
import { type VmSnapshotSpec, vmSnapshotSpec } from './spec.ts';

/** Throws `invalid-spec` naming object, field and remedy; `unsupported` for what cannot be done. */
export function normaliseSnapshot(snapshot: Manifest): SnapshotWish {
  const spec = readSpec(vmSnapshotSpec, snapshot);
  const path = `${manifestTitle(snapshot)}: spec`;
  const { snapshotConfig: config } = spec;
  refuse(path, { 'schedule.enabled': spec.schedule?.enabled }, NOT_YET);
  const asked = { compression: config?.compression, 'encryption.enabled': config?.encryption?.enabled };
  refuse(`${path}.snapshotConfig`, asked, NOT_ON_PVE);
  return {
    vm: { name: spec.vmRef.name, namespace: namespaceOf(snapshot) },
    nameHint: config?.name ?? snapshot.metadata.name,
    description:
      sayOnce(path, { description: spec.description, 'snapshotConfig.description': config?.description }) ?? '',
    includeMemory:
      sayOnce(path, { includeMemory: spec.includeMemory, 'snapshotConfig.includeMemory': config?.includeMemory }) ??
      false,
    retention: retention(spec, path),
  };
}

const DAY_MS = 24 * 3_600_000;

function retention({ retentionPolicy: policy, metadata }: VmSnapshotSpec, path: string): Retention {
  return {
    maxAgeMs: milliseconds(policy?.maxAge, `${path}.retentionPolicy.maxAge`),
    maxCount: policy?.maxCount,
    deleteWithVm: policy?.deleteOnVMDelete ?? true,
    graceMs: milliseconds(policy?.gracePeriod, `${path}.retentionPolicy.gracePeriod`) ?? DAY_MS,
    pinned: (metadata?.pinned ?? false) && (policy?.preservePinned ?? true),
  };
}
