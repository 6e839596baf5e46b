// What a created VM was made from, and what was last said of it, stays in force where a later manifest says nothing of it.
import type { VirtualMachineStatus } from '#crd/virtual-machine/status';
import type { ObjectRef } from '#domain/object-ref';
import { inOrderOf } from './nic-order.ts';

export type Bound = NonNullable<VirtualMachineStatus['bound']>;
type Spec = Readonly<Record<string, unknown>>;

/** The spec, completed by what is bound. Image and imported disk are two ways to say one thing. */
export function withBound(spec: Spec, bound: Bound = {}): Spec {
  const { imageRef, importedDisk, ...others } = bound;
  const namesSource = spec['imageRef'] !== undefined || spec['importedDisk'] !== undefined;
  const source = namesSource ? {} : { imageRef, importedDisk };
  const said = withoutGaps(spec);
  const networks = inOrderOf(others.networks, said['networks'] ?? others.networks);
  return withoutGaps({ ...others, ...source, ...said, networks });
}

/** What counts of it by now: of a VM that was refused and never was there, its Provider alone. */
export function boundIn({ bound, id = '', madeBefore = false, phase }: VirtualMachineStatus): Bound | undefined {
  const isRefused = id === '' && !madeBefore && phase === 'Failed';
  return isRefused && bound?.providerRef !== undefined ? { providerRef: bound.providerRef } : bound;
}

/** What a VM that is made now of `spec` (completed already) is bound to. */
export function boundTo(spec: Spec, provider: ObjectRef): Bound {
  const { imageRef, importedDisk, userData, metaData, networks, disks, powerState } = spec as Bound;
  return withoutGaps({
    providerRef: { name: provider.name, namespace: provider.namespace },
    imageRef,
    importedDisk,
    userData,
    metaData,
    networks,
    disks,
    powerState,
  });
}

export function withoutGaps(fields: Spec): Spec {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null));
}
