/** The size of the disk in an uploaded image: what a qcow2's header says, the file's own for all else. */
export function imageBytes(data: Uint8Array | undefined, fileBytes: number): number {
  if (data === undefined || data.length < 32) return fileBytes;
  const header = Buffer.from(data.buffer, data.byteOffset, 32);
  const isQcow2 = header.toString('latin1', 0, 4) === 'QFI\xfb';
  return isQcow2 ? Number(header.readBigUInt64BE(24)) : fileBytes;
}
