// Volume ids: `<storage>:<name>`, such as `local-lvm:vm-100-disk-0` and `shared:100/vm-100-disk-0.raw`.

/** Empty for what is no volume id. */
export function storageIdOf(volid: string): string {
  return volid.slice(0, Math.max(0, volid.indexOf(':')));
}

/** The name with its folders. */
export function volumeNameOf(volid: string): string {
  return volid.slice(volid.indexOf(':') + 1);
}

/** The two parts; undefined for a path or a bare word. */
export function splitVolid(volid: string): { storage: string; name: string } | undefined {
  const match = /^([a-z][a-z0-9\-_.]*[a-z0-9]):(.+)$/i.exec(volid);
  return match === null ? undefined : { storage: match[1] ?? '', name: match[2] ?? '' };
}
