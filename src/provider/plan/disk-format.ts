import { rootDiskOf, type VmSpec } from '#domain/vm-spec';
import { diskTypeOf, imageFormat } from './disk-type.ts';

/**
 * The `format` that a full copy of the boot disk is to have on a storage of this type; undefined leaves it to PVE, which
 * keeps the source's where the storage has it. A linked copy takes none.
 */
export function copyFormat(spec: VmSpec, storageType: string | undefined): 'qcow2' | 'raw' | undefined {
  return imageFormat(diskTypeOf(spec, rootDiskOf(spec)?.disk), storageType);
}
