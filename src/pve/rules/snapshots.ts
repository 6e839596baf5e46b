// What stands in the way of a snapshot, as far as configuration and storages tell (pve-behaviour 8.4, 14.2).

/** Storages that keep images as files: what they can do hangs on the file's format. */
const FILE_STORAGES: ReadonlySet<string> = new Set(['dir', 'nfs', 'cifs', 'cephfs', 'glusterfs']);
const ALWAYS: ReadonlySet<string> = new Set(['lvmthin', 'zfspool', 'zfs', 'rbd', 'btrfs']);

/**
 * Why a volume cannot be snapshotted; undefined where it can, or where we do not know the type of its storage.
 * @param type of the storage: `dir`, `lvmthin`, ...
 * @param volid `local:100/vm-100-disk-0.raw`
 */
export function whyNoSnapshot(type: string, volid: string): string | undefined {
  // A device or a file that is named by its path belongs to no storage.
  if (volid.startsWith('/')) return 'no storage of PVE';
  const format = /\.(qcow2|vmdk)$/.exec(volid)?.[1] ?? 'raw';
  if (ALWAYS.has(type) || format === 'qcow2') return undefined;
  if (FILE_STORAGES.has(type)) return `${type}, where ${format} files have none`;
  return type === 'lvm' ? 'thick LVM' : type;
}

/** Devices with a state of their own that QEMU cannot save with the guest's memory. */
const UNSAVABLE: readonly { readonly option: RegExp; readonly name: string }[] = [
  { option: /^hostpci\d+$/, name: 'a PCI device passed through' },
  { option: /^virtiofs\d+$/, name: 'a shared folder' },
  { option: /^amd-sev$/, name: 'AMD SEV' },
  { option: /^intel-tdx$/, name: 'Intel TDX' },
];

/** What keeps a running guest's memory from being saved: `hostpci0 (a PCI device passed through)`. */
export function unsavableDevices(values: Readonly<Record<string, string>>): string[] {
  return Object.keys(values)
    .toSorted()
    .flatMap((key) => {
      const found = UNSAVABLE.find(({ option }) => option.test(key));
      return found === undefined ? [] : [`${key} (${found.name})`];
    });
}
