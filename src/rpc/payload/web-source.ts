// A file in the web that a node is to fetch, and what it is compared with.
import { invalidSpec } from '#domain/fault';

export const IMAGE_FORMATS = ['qcow2', 'raw', 'vmdk'] as const;
export type ImageFormat = (typeof IMAGE_FORMATS)[number];

/** Throws `invalid-spec` for what no node can or should fetch. @param field that names the URL */
export function checkWebUrl(url: URL, field: string, hasChecksum: boolean, checksumField: string): void {
  if (url.username !== '' || url.password !== '') {
    throw invalidSpec(field, 'has a password in it, which PVE would write into its log', 'Use a presigned URL');
  }
  if (url.protocol === 'http:' && !hasChecksum) {
    const why = 'over http anybody on the way could exchange the image';
    throw invalidSpec(field, why, `Use https, or give ${checksumField}`);
  }
  refuseLocal(url, field);
}

const LOCAL =
  /^(?:(?:.*\.)?localhost|127\..*|0\.0\.0\.0|169\.254\..*|\[(?:::1?|fe[89ab].*|::ffff:(?:0:0|7f|a9fe).*)\])\.?$/i;

/** The node would ask itself, or what tells virtual machines their secrets. */
export function refuseLocal({ hostname }: URL, field: string): void {
  if (!LOCAL.test(hostname)) return;
  throw invalidSpec(
    field,
    `"${hostname}" is the node itself or nobody's address`,
    'Name a server that the nodes can reach',
  );
}

/** The extension at the end of a URL's path, lower case; '' where there is none. */
export function extensionOf({ pathname }: URL): string {
  return /\.([a-z0-9]+)$/i.exec(pathname)?.[1]?.toLowerCase() ?? '';
}
