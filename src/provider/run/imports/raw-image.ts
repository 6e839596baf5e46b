// PVE looks into every image but a raw one, which any file could be: the page of a server that wants a password, or what is
// compressed. A disk has whole sectors, which few of these have.

const SECTOR_BYTES = 512;

/** Why what has been fetched is no raw image; undefined for images of other formats, which PVE has looked into. */
export function whyNoDisk({ volid, sizeBytes }: { readonly volid: string; readonly sizeBytes: number | undefined }) {
  if (!volid.endsWith('.raw') || sizeBytes === undefined || (sizeBytes > 0 && sizeBytes % SECTOR_BYTES === 0)) return;
  return `what came has ${sizeBytes} bytes, and a raw image has whole sectors of ${SECTOR_BYTES}`;
}

export const NO_DISK_REMEDY = 'Check what its URL leads to; a compressed image has to be unpacked first';
