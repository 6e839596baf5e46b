// An OVA is a tar: its files by name, for the disks inside it.

const BLOCK = 512;

/** The bytes of one file, undefined where the archive has none of that name. */
export function fileInAppliance(archive: Uint8Array, name: string): Uint8Array | undefined {
  return filesOf(archive).find((file) => file.name === name)?.data;
}

export function filesOf(archive: Uint8Array): { name: string; data: Uint8Array }[] {
  const bytes = Buffer.from(archive.buffer, archive.byteOffset, archive.length);
  const text = (start: number, length: number): string =>
    bytes.toString('latin1', start, start + length).replace(/\0.*$/s, '');
  const files: { name: string; data: Uint8Array }[] = [];
  for (let at = 0; at + BLOCK <= bytes.length; ) {
    const name = text(at, 100);
    if (name === '') break;
    const size = Number.parseInt(text(at + 124, 12).trim(), 8) || 0;
    files.push({ name, data: archive.subarray(at + BLOCK, at + BLOCK + size) });
    at += BLOCK * (1 + Math.ceil(size / BLOCK));
  }
  return files;
}
