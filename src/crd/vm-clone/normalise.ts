import type { CloneOrder, CloneTarget } from '#domain/clone-order';
import { Fault, invalidSpec } from '#domain/fault';
import { checkVmName } from '#domain/names';
import type { ObjectRef } from '#domain/object-ref';
import { type Manifest, manifestTitle } from '../manifests.ts';
import { readSpec } from '../read-spec.ts';
import { namespaceOf, refer } from '../refer.ts';
import { NOT_ON_PVE, NOT_YET, refuse } from '../refuse.ts';
import { sayOnce } from '../say-once.ts';
import { normaliseDisks } from '../virtual-machine/normalise-disk.ts';
import { normaliseNics } from '../virtual-machine/normalise.ts';
import { normaliseCustomization } from './normalise-customization.ts';
import { type VmCloneSpec, vmCloneSpec } from './spec.ts';

/** Throws `invalid-spec` naming object, field and remedy; `unsupported` for what cannot be done. */
export function normaliseClone(clone: Manifest): CloneOrder {
  const spec = readSpec(vmCloneSpec, clone);
  const path = `${manifestTitle(clone)}: spec`;
  refuseUnsupported(spec, clone, path);
  const { options } = spec;
  return {
    source: sourceOf(spec, clone, path),
    snapshot: refer(spec.source?.snapshotRef, clone),
    target: targetOf(spec, clone, path),
    linked: isLinked(spec, path),
    powerOn: options?.powerOn,
    storage: sayOnce(`${path}.options.storage`, {
      storageClass: options?.storage?.storageClass,
      datastore: options?.storage?.datastore,
    }),
    customization: normaliseCustomization(spec.customization, clone, `${path}.customization`),
  };
}

function sourceOf({ sourceVMRef, source }: VmCloneSpec, clone: Manifest, path: string): ObjectRef | undefined {
  const name = sayOnce(path, { 'sourceVMRef.name': sourceVMRef?.name, 'source.vmRef.name': source?.vmRef?.name });
  if (name !== undefined) return { name, namespace: namespaceOf(clone) };
  if (source?.snapshotRef !== undefined) return undefined;
  throw invalidSpec(`${path}.sourceVMRef`, 'it names no VirtualMachine', 'Set sourceVMRef.name');
}

function targetOf({ target }: VmCloneSpec, clone: Manifest, path: string): CloneTarget {
  const field = target === undefined ? 'metadata.name' : 'spec.target.name';
  return {
    name: checkVmName(target?.name ?? clone.metadata.name, `${manifestTitle(clone)}: ${field}`),
    namespace: namespaceOf(clone),
    vmClass: refer(target?.classRef, clone),
    policy: refer(target?.placementRef, clone),
    networks: normaliseNics(target?.networks, clone, `${path}.target.networks`),
    disks: normaliseDisks(target?.disks, `${path}.target.disks`),
    labels: target?.labels ?? {},
    annotations: target?.annotations ?? {},
  };
}

/** The documented form makes linked clones unless it says otherwise, upstream's makes full ones. */
function isLinked({ sourceVMRef, linkedClone, options }: VmCloneSpec, path: string): boolean {
  const type = options?.type === undefined ? undefined : options.type === 'LinkedClone';
  return sayOnce(path, { linkedClone, 'options.type': type }) ?? sourceVMRef !== undefined;
}

function refuseUnsupported({ source, target, options }: VmCloneSpec, clone: Manifest, path: string): void {
  const { vmRef: _vm, snapshotRef: _snapshot, ...otherSources } = source ?? {};
  refuse(`${path}.source`, otherSources, { ...NOT_YET, remedy: 'Name a VirtualMachine as vmRef' });
  const isInstant = options?.type === 'InstantClone';
  refuse(`${path}.options`, { type: isInstant ? options.type : undefined }, NOT_ON_PVE);
  const { storage, performance, includeSnapshots } = options ?? {};
  const asked = {
    includeSnapshots,
    'storage.diskFormat': storage?.diskFormat,
    'storage.enableCompression': storage?.enableCompression,
    'storage.folder': storage?.folder,
    'performance.ioThrottling': performance?.ioThrottling,
    'performance.maxIOPS': performance?.maxIOPS,
  };
  refuse(`${path}.options`, asked, NOT_ON_PVE);
  const namespace = target?.namespace ?? namespaceOf(clone);
  if (namespace !== namespaceOf(clone)) {
    const why = 'a clone is in the namespace of its VMClone';
    throw new Fault('unsupported', { subject: `${path}.target.namespace`, why, remedy: 'Remove it' });
  }
  const provider = { providerRef: target?.providerRef };
  refuse(`${path}.target`, provider, { why: 'a clone has the Provider of its source', remedy: 'Remove it' });
}
