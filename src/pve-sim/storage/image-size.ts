// The size of the disk in an image that somebody brought: from its header, or the file's own.

const SECTOR_BYTES = 512;

export function imageBytes(data: Uint8Array | undefined, fileBytes: number): number {
  if (data === undefined || data.length < 32) return fileBytes;
  const header = Buffer.from(data.buffer, data.byteOffset, 32);
  const magic = header.toString('latin1', 0, 4);
  if (magic === 'QFI\xfb') return Number(header.readBigUInt64BE(24));
  // A sparse extent of VMDK has its capacity in sectors.
  return magic === 'KDMV' ? Number(header.readBigUInt64LE(12)) * SECTOR_BYTES : fileBytes;
}
