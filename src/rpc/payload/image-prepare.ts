// ImagePrepare: an image that is there under a name of PVE, or one that is to be fetched from the web. VirtRigaud's manager
// sends the whole spec of a VMImage; others may send the flat object that Create has.
import { type ImageChecksum, parseChecksum } from '#domain/checksum';
import { invalidSpec } from '#domain/fault';
import { parseImageName } from '#domain/image-name';
import { checkVmName } from '#domain/names';
import type { ImagePrepareRequest } from '../contract.ts';
import { type ImagePrepareWords, type OsType, readImageWords } from './image-words.ts';
import { parseJsonField } from './json-object.ts';
import { checkWebUrl, extensionOf, IMAGE_FORMATS, type ImageFormat } from './web-source.ts';

export type PreparedImage = ExistingImage | WebImage;

/** An image that is there already, under the name that Create takes. */
export type ExistingImage = {
  readonly kind: 'existing';
  /** Who names it. */
  readonly field: string;
  readonly node: string | undefined;
} & ({ readonly template: string } | { readonly volume: string; readonly content: 'iso' | 'disk' });

export interface WebImage {
  readonly kind: 'web';
  /** Name of the template. */
  readonly target: string;
  /** http or https; may hold a secret in its query. */
  readonly url: string;
  /** Undefined: it is not compared with anything. */
  readonly checksum: ImageChecksum | undefined;
  /** What the file may be, the likeliest first: PVE looks into it and takes no other. */
  readonly formats: readonly ImageFormat[];
  /** PVE storage for the template's disk. */
  readonly storage: string | undefined;
  /** Of the template's disk, on a storage with formats to choose from. */
  readonly diskFormat: ImageFormat | undefined;
  /** The node the template is to be on. */
  readonly node: string | undefined;
  /** Instead: each of them is to have one; `*` alone for every node that has the storage. */
  readonly nodes: readonly string[] | undefined;
  readonly osType: OsType;
  /** Whether one is made where there is none. */
  readonly imports: boolean;
}

/** Throws `invalid-spec` by field. */
export function decodeImagePrepare({ imageJson, targetName, storageHint }: ImagePrepareRequest): PreparedImage {
  const words = readImageWords(parseJsonField('image_json', imageJson) ?? {}, 'image_json');
  const { template, url } = words;
  // As at a Create, a template wins: flat objects have what other hypervisors' parts of a VMImage say beside it.
  if (template !== undefined) return existing(template, words.templateField, words);
  if (words.path !== undefined && url === undefined) return existing(words.path, 'image_json.Path', words);
  if (url === undefined) throw noSource(words);
  return webImage(url, words, { targetName, storageHint });
}

function existing(name: string, field: string, { node, nodes, nodesField }: ImagePrepareWords): ExistingImage {
  if (nodes !== undefined) {
    const why = 'says where templates of a URL are made, and what the image names is there already';
    throw invalidSpec(nodesField, why, 'Leave it out');
  }
  const image = parseImageName(name, field);
  if (image.kind === 'url') throw invalidSpec(field, 'is a URL', 'Name it as the URL of the image');
  if (image.kind === 'template') return { kind: 'existing', field, template: image.ref, node };
  return { kind: 'existing', field, volume: image.volume, content: image.kind, node };
}

function noSource({ elsewhere }: ImagePrepareWords): Error {
  if (elsewhere !== undefined) {
    const why = `no node of PVE can fetch images from a ${elsewhere.what}`;
    return invalidSpec(elsewhere.field, why, 'Use source.http, or name a template in source.proxmox');
  }
  const why = 'it names neither a template nor a URL';
  return invalidSpec('image_json.source', why, 'Set proxmox.templateName, proxmox.templateID or http.url');
}

function webImage(
  text: string,
  words: ImagePrepareWords,
  { targetName, storageHint }: { readonly targetName: string; readonly storageHint: string },
): WebImage {
  const { urlField, node, nodes, nodesField, diskFormat, osType = 'l26', imports = true } = words;
  if (node !== undefined && nodes !== undefined) {
    throw invalidSpec(nodesField, `node "${node}" is named too`, 'Name all nodes in one place');
  }
  const target = targetName.trim();
  if (target === '') throw invalidSpec('target_name', 'is missing', 'Give the image a name');
  const checksum = checksumOf(words);
  const url = readUrl(text, urlField, checksum !== undefined);
  return {
    kind: 'web',
    target: checkVmName(target, 'target_name'),
    url: url.href,
    checksum,
    formats: formatsOf(url, words, checksum !== undefined),
    storage: storageOf(words, storageHint.trim()),
    diskFormat,
    node,
    nodes,
    osType,
    imports,
  };
}

const LONGEST_URL = 2048;

function readUrl(text: string, field: string, hasChecksum: boolean): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw invalidSpec(field, 'is no URL that a node of PVE can fetch', 'Use an https:// URL, also a presigned one');
  }
  if (url.href.length > LONGEST_URL) {
    const why = `has ${url.href.length} characters, and ${LONGEST_URL} are the most that can be kept`;
    throw invalidSpec(field, why, 'Use a shorter one');
  }
  checkWebUrl(url, field, hasChecksum, 'its checksum');
  return url;
}

function checksumOf({ checksum: text, checksumField, algorithm, validates }: ImagePrepareWords) {
  if (text === undefined || validates === false) return undefined;
  const checksum = parseChecksum(text);
  if (checksum === undefined) {
    throw invalidSpec(checksumField, 'is no checksum in hex digits', 'Give the SHA-256 of the image, or none');
  }
  if (algorithm === undefined || algorithm === checksum.algorithm) return checksum;
  const why = `has ${checksum.value.length} hex digits, as a ${checksum.algorithm} has, and is said to be a ${algorithm}`;
  throw invalidSpec(checksumField, why, `Set checksumType to ${checksum.algorithm}, or correct the checksum`);
}

/** What PVE unpacks of ISO images only (pve-behaviour 8.6). */
const COMPRESSED = new Set(
  'gz xz zst zstd bz2 lzo lz lz4 lzma br z zip 7z rar tar tgz tbz tbz2 txz tzst cpio'.split(' '),
);
/** What it could only take for something else. */
const NO_DISKS: Readonly<Record<string, string>> = {
  iso: 'an ISO image, of which no template is made',
  ova: 'an appliance with several files in it',
  ovf: 'the description of an appliance',
  vhd: 'an image of Hyper-V',
  vhdx: 'an image of Hyper-V',
  vdi: 'an image of VirtualBox',
};

/**
 * The extension says it, or the caller. What is called otherwise, as the `.img` of many cloud images, is taken for a qcow2;
 * for raw, which anything could be, only where a checksum says that it is what was meant.
 */
function formatsOf(
  url: URL,
  { format, urlField: field }: ImagePrepareWords,
  hasChecksum: boolean,
): readonly ImageFormat[] {
  const extension = extensionOf(url);
  if (COMPRESSED.has(extension)) {
    const why = `".${extension}" is compressed, and PVE unpacks no disk images`;
    throw invalidSpec(
      field,
      why,
      'Give the URL of the image as it is, or unpack it and put it where nodes can fetch it',
    );
  }
  const what = NO_DISKS[extension];
  if (what !== undefined) {
    const remedy = 'Give the URL of a qcow2, raw or vmdk image, or bring it to a storage and name its volume';
    throw invalidSpec(field, `".${extension}" is ${what}`, remedy);
  }
  if (format !== undefined) return [format];
  const told = IMAGE_FORMATS.find((one) => one === extension);
  if (told !== undefined) return [told];
  return hasChecksum ? ['qcow2', 'raw'] : ['qcow2'];
}

function storageOf({ storage, storageField }: ImagePrepareWords, hint: string): string | undefined {
  if (hint === '' || storage === undefined || storage === hint) return storage ?? (hint === '' ? undefined : hint);
  throw invalidSpec('storage_hint', `"${hint}" differs from "${storage}" in ${storageField}`, 'Name only one storage');
}
