// What qemu-img and tar find in a file that somebody brings as an image: its format, and whether it can be trusted
// (pve-behaviour 8.5; recording one-node/101).
import { filesOf } from './appliance.ts';

export interface ImageFile {
  /** Where it lies while it is looked at. */
  readonly path: string;
  readonly data: Uint8Array;
}

/** @returns why it cannot be taken as `format`, undefined where it can */
export function imageProblem(format: string, { path, data }: ImageFile): string | undefined {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (format === 'ova') return holdsDescription(bytes) ? undefined : 'ova archive has no .ovf file inside';
  if (format === 'qcow2') return qcow2Problem(bytes, path);
  const isVmdk = /^(?:KDMV|COWD|# Disk DescriptorFile)/.test(bytes.toString('latin1', 0, 32));
  if (format !== 'vmdk' || isVmdk) return undefined;
  return `qemu-img: Could not open '${path}': invalid VMDK image descriptor`;
}

function qcow2Problem(bytes: Buffer, path: string): string | undefined {
  if (bytes.length < 72 || bytes.toString('latin1', 0, 4) !== 'QFI\xfb')
    return `qemu-img: Could not open '${path}': Image is not in qcow2 format`;
  const backing = Number(bytes.readBigUInt64BE(8));
  if (backing === 0) return undefined;
  const name = bytes.toString('utf8', backing, backing + bytes.readUInt32BE(16));
  return `Image '${path}' has a backing file '${name}', which is not allowed`;
}

function holdsDescription(bytes: Buffer): boolean {
  return isTar(bytes) && filesOf(bytes).some(({ name }) => name.endsWith('.ovf'));
}

function isTar(bytes: Buffer): boolean {
  return bytes.toString('latin1', 257, 262) === 'ustar';
}
