// Images that somebody has brought: a header is all that anybody looks into.
import type { Simulator } from '#pve-sim/simulator';

/** A file with content `import` on a storage of one node; @param data its head, which says how large the disk in it is */
export function placeImport(sim: Simulator, node: string, volid: string, data: Uint8Array, format: string): void {
  sim.world.volumes[`${node}/${volid}`] = {
    volid,
    storage: volid.split(':')[0] ?? '',
    node,
    content: 'import',
    format,
    ctime: 0,
    sizeBytes: data.length,
    data,
  };
}

export function qcow2(bytes: number): Buffer {
  const header = Buffer.alloc(512);
  header.write('QFI\xfb', 0, 'latin1');
  header.writeBigUInt64BE(BigInt(bytes), 24);
  return header;
}

/** @param sectors of 512 bytes */
export function vmdk(sectors: number): Buffer {
  const header = Buffer.alloc(512);
  header.write('KDMV', 0, 'latin1');
  header.writeBigUInt64LE(BigInt(sectors), 12);
  return header;
}

export function tar(files: Readonly<Record<string, Uint8Array>>): Buffer {
  const blocks = Object.entries(files).flatMap(([name, data]) => {
    const header = Buffer.alloc(512);
    header.write(name, 0, 'latin1');
    header.write(data.length.toString(8).padStart(11, '0'), 124, 'latin1');
    return [header, data, Buffer.alloc((512 - (data.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}
