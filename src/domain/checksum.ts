export interface ImageChecksum {
  readonly algorithm: 'md5' | 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512';
  /** Hex digits, lower case. */
  readonly value: string;
}

/** By the number of its hex digits. */
const ALGORITHMS: Readonly<Record<number, ImageChecksum['algorithm']>> = {
  32: 'md5',
  40: 'sha1',
  56: 'sha224',
  64: 'sha256',
  96: 'sha384',
  128: 'sha512',
};

/** What `text` says, with or without `sha256:` before it; undefined where it is no checksum, or not the one it says. */
export function parseChecksum(text: string): ImageChecksum | undefined {
  const [, said, value = ''] = /^(?:([a-z0-9]+):)?([0-9a-f]*)$/.exec(text.trim().toLowerCase()) ?? [];
  const algorithm = ALGORITHMS[value.length];
  return algorithm === undefined || (said !== undefined && said !== algorithm) ? undefined : { algorithm, value };
}
