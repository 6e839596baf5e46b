// ImportDisk: a disk image somewhere in the web, and what is to become of it.
import { type ImageChecksum, parseChecksum } from '#domain/checksum';
import { invalidSpec } from '#domain/fault';
import type { ImportDiskRequest } from '../contract.ts';
import { decodeS3Credentials, decodeS3Object, type S3Credentials, type S3Object } from './s3.ts';
import { checkWebUrl, extensionOf, IMAGE_FORMATS, type ImageFormat, refuseLocal } from './web-source.ts';

export type ImageSource =
  /** http or https; may hold a secret in its query. */
  | { readonly kind: 'url'; readonly url: URL }
  | { readonly kind: 's3'; readonly object: S3Object; readonly credentials: S3Credentials };

export interface DiskImport {
  readonly source: ImageSource;
  /** Two requests for one name, source, format and checksum are one. */
  readonly target: string;
  /** The source as it was given: the same one every time, also where what it leads to is signed anew. */
  readonly sourceUrl: string;
  readonly format: ImageFormat;
  /** A storage of PVE; undefined: any that takes such images. */
  readonly storage: string | undefined;
  /** Undefined: it is not compared with anything. */
  readonly checksum: ImageChecksum | undefined;
}

/** Throws `invalid-spec` by field. */
export function decodeImportDisk(request: ImportDiskRequest): DiskImport {
  const url = readUrl(request.sourceUrl);
  const target = request.targetName.trim();
  if (target === '') throw invalidSpec('target_name', 'is missing', 'Give the image a name');
  refuseMode(request);
  const checksum = readChecksum(request);
  const storage = request.storageHint.trim();
  return {
    source: readSource(url, request, checksum !== undefined),
    target,
    sourceUrl: request.sourceUrl.trim(),
    format: readFormat(request.format, url),
    storage: storage === '' ? undefined : storage,
    checksum,
  };
}

const USE_URL = 'Use an https:// URL, also a presigned one, or s3://bucket/key with credentials';

function readUrl(text: string): URL {
  const trimmed = text.trim();
  if (trimmed === '') throw invalidSpec('source_url', 'is missing', USE_URL);
  if (!URL.canParse(trimmed)) throw invalidSpec('source_url', 'is no URL', USE_URL);
  return new URL(trimmed);
}

function readSource(url: URL, request: ImportDiskRequest, hasChecksum: boolean): ImageSource {
  if (url.protocol === 's3:') {
    const object = decodeS3Object(url, request.storageOptionsJson);
    if (object.endpoint !== undefined) refuseLocal(object.endpoint, 'storage_options_json.endpoint');
    return { kind: 's3', object, credentials: decodeS3Credentials(request.credentials) };
  }
  const scheme = url.protocol.replace(':', '');
  if (scheme !== 'https' && scheme !== 'http') {
    throw invalidSpec('source_url', `a node of PVE cannot fetch "${scheme}" URLs`, USE_URL);
  }
  checkWebUrl(url, 'source_url', hasChecksum, 'expected_checksum');
  if (Object.keys(request.credentials).length > 0) {
    throw invalidSpec('credentials', 'are used for s3:// URLs alone', 'Leave them out, or use s3://bucket/key');
  }
  return { kind: 'url', url };
}

function refuseMode({ transferMode, backendType }: ImportDiskRequest): void {
  if (!['', 'auto', 'relay'].includes(transferMode)) {
    throw invalidSpec(
      'transfer_mode',
      `"${transferMode}" is not known`,
      'Use "relay": a node fetches the image from where it was put',
    );
  }
  if (!['', 's3', 'https'].includes(backendType)) {
    throw invalidSpec('backend_type', `no node of PVE can read images from "${backendType}"`, 'Use "s3"');
  }
}

/** Without a word the end of the URL's path says it. */
function readFormat(said: string, url: URL): ImageFormat {
  const named = said.trim().toLowerCase();
  const word = named === '' ? extensionOf(url) : named;
  const format = IMAGE_FORMATS.find((one) => one === word);
  if (format !== undefined) return format;
  const why = named === '' ? 'is missing, and the URL does not tell it' : `PVE imports no "${named}"`;
  throw invalidSpec('format', why, `Use one of ${IMAGE_FORMATS.join(', ')}`);
}

function readChecksum({ verifyChecksum, expectedChecksum }: ImportDiskRequest): ImageChecksum | undefined {
  if (!verifyChecksum) return undefined;
  const checksum = parseChecksum(expectedChecksum);
  if (checksum !== undefined) return checksum;
  const isMissing = expectedChecksum.trim() === '';
  const why = isMissing ? 'is missing, and verify_checksum asks for it' : 'is no checksum in hex digits';
  throw invalidSpec('expected_checksum', why, 'Give the SHA-256 of the image, or leave verify_checksum out');
}
