// An image as `qemu-img create -f qcow2` makes it, byte for byte: a header, and tables for clusters that are not there yet.

const CLUSTER_BITS = 16;
const CLUSTER = 2 ** CLUSTER_BITS;
const HEADER_BYTES = 112;
const FEATURE_TABLE = 0x68_03_f8_57;
/** Which bit of which kind (incompatible, compatible, autoclear) means what. */
const FEATURES: readonly [kind: number, bit: number, name: string][] = [
  [0, 0, 'dirty bit'],
  [0, 1, 'corrupt bit'],
  [0, 2, 'external data file'],
  [0, 3, 'compression type'],
  [0, 4, 'extended L2 entries'],
  [1, 0, 'lazy refcounts'],
  [2, 0, 'bitmaps'],
  [2, 1, 'raw external data'],
];
const FEATURE_BYTES = 48;
// Clusters in their order: the header, the refcount table, its one block, and the L1 table, which ends the file.
const REFCOUNT_TABLE = 1;
const REFCOUNT_BLOCK = 2;
const L1_TABLE = 3;

export function emptyQcow2(virtualBytes: number): Uint8Array {
  const l1Entries = Math.ceil(virtualBytes / (CLUSTER * (CLUSTER / 8)));
  const image = Buffer.alloc(L1_TABLE * CLUSTER + 8 * l1Entries);
  image.write('QFI\xfb', 0, 'latin1');
  image.writeUInt32BE(3, 4);
  image.writeUInt32BE(CLUSTER_BITS, 20);
  image.writeBigUInt64BE(BigInt(virtualBytes), 24);
  image.writeUInt32BE(l1Entries, 36);
  image.writeBigUInt64BE(BigInt(L1_TABLE * CLUSTER), 40);
  image.writeBigUInt64BE(BigInt(REFCOUNT_TABLE * CLUSTER), 48);
  image.writeUInt32BE(1, 56);
  // Refcounts have 2^4 bits.
  image.writeUInt32BE(4, 96);
  image.writeUInt32BE(HEADER_BYTES, 100);
  writeFeatures(image);
  image.writeBigUInt64BE(BigInt(REFCOUNT_BLOCK * CLUSTER), REFCOUNT_TABLE * CLUSTER);
  for (let cluster = 0; cluster <= L1_TABLE; cluster += 1) {
    image.writeUInt16BE(1, REFCOUNT_BLOCK * CLUSTER + 2 * cluster);
  }
  return image;
}

function writeFeatures(image: Buffer): void {
  image.writeUInt32BE(FEATURE_TABLE, HEADER_BYTES);
  image.writeUInt32BE(FEATURES.length * FEATURE_BYTES, HEADER_BYTES + 4);
  for (const [index, [kind, bit, name]] of FEATURES.entries()) {
    const at = HEADER_BYTES + 8 + index * FEATURE_BYTES;
    image.writeUInt8(kind, at);
    image.writeUInt8(bit, at + 1);
    image.write(name, at + 2, 'latin1');
  }
}
