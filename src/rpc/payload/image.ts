import { invalidSpec } from '#domain/fault';
import type { ImageSource } from '#domain/vm-spec';
import { agree, type JsonObject, type ReadValue, readObject } from './json-object.ts';
import { said } from './said.ts';
import { flag, oneOf, text, wholeNumber } from './values.ts';

// image_json: what the disks of a new VM come from. Go sends one flat object; older senders a VMImage's `source`,
// which is a name, `{template, storage}` or `{proxmox: {templateID, templateName, ...}}`.

/** Everything an image may say, whatever shape it came in. */
interface ImageWords {
  template?: string;
  path?: string;
  url?: string;
  format?: string;
  iso?: string;
  cloneMode?: 'full' | 'linked';
  node?: string;
  storage?: string;
}

const cloneMode = oneOf({ full: 'full', linked: 'linked' } as const);
const diskFormat = oneOf({ raw: 'raw', qcow2: 'qcow2', vmdk: 'vmdk', vdi: 'vdi', vhdx: 'vhdx' } as const);
const fullClone: ReadValue<'full' | 'linked'> = (value, path) => (flag(value, path) ? 'full' : 'linked');

/** The source that `image_json` tells; throws `invalid-spec` if it names none a VM can be made from. */
export function decodeImage(value: unknown, path: string): ImageSource {
  return chooseSource(readObject(readImage)(value ?? {}, path), path);
}

/** A template wins over the other sources, since the manager fills those in from other providers' parts of a VMImage. */
function chooseSource(words: ImageWords, path: string): ImageSource {
  const { template, iso, path: diskPath, format } = words;
  if (template !== undefined && iso !== undefined) {
    throw invalidSpec(
      path,
      `names a template ("${template}") and an ISO ("${iso}")`,
      'Name only one of them in the VMImage',
    );
  }
  if (template !== undefined) {
    return { kind: 'template', ref: template, cloneMode: words.cloneMode, node: words.node, storage: words.storage };
  }
  if (iso !== undefined) return { kind: 'iso', volume: iso };
  if (diskPath !== undefined) return { kind: 'disk', path: diskPath, format: formatOfDisk(diskPath, format, path) };
  if (words.url !== undefined) {
    throw invalidSpec(
      `${path}.URL`,
      'a VM cannot be made from a URL',
      'Let the VMImage be prepared on this provider first',
    );
  }
  throw invalidSpec(
    `${path}.TemplateName`,
    'the VMImage names no template',
    "Set the VMImage's source to the name or VMID of a template on PVE",
  );
}

function formatOfDisk(diskPath: string, format: string | undefined, path: string): string {
  // "template" is what Go writes where nobody named a format.
  if (format !== undefined && format.toLowerCase() !== 'template') return diskFormat(format, `${path}.Format`);
  return diskFormat(diskPath.split('.').at(-1), `${path}.Format`);
}

function readImage(object: JsonObject): ImageWords {
  object.ignore('Checksum', 'ChecksumType', 'Prepare', 'Metadata', 'Distribution');
  const own = said({
    template: object.get('TemplateName', text),
    path: object.get('Path', text),
    url: object.get('URL', text),
    format: object.get('Format', text),
    iso: object.get('ISO', text),
    cloneMode: object.get('CloneMode', cloneMode),
    node: object.get('Node', text),
    storage: object.get('Storage', text),
  });
  return merge(own, object.get('Source', readSource) ?? {}, object.path);
}

const readSource: ReadValue<ImageWords> = (value, path) => {
  if (typeof value !== 'string') return readObject(readSourceObject)(value, path);
  const name = text(value, path);
  return /^https?:\/\//.test(name) ? { url: name } : { template: name };
};

function readSourceObject(object: JsonObject): ImageWords {
  // Parts for other hypervisors say nothing about PVE; that an image is prepared from elsewhere shows as "no template".
  object.ignore('Libvirt', 'Vsphere', 'Registry', 'DataVolume');
  const own = said({
    template: object.get('Template', text),
    url: object.get('HTTP', readObject(readHttp)),
    storage: object.get('Storage', text),
    node: object.get('Node', text),
  });
  return merge(own, object.get('Proxmox', readObject(readProxmox)) ?? {}, object.path);
}

function readHttp(object: JsonObject): string | undefined {
  object.ignore('Checksum', 'ChecksumType', 'Timeout', 'Headers', 'Authentication');
  return object.get('URL', text);
}

function readProxmox(object: JsonObject): ImageWords {
  // The format is that of a prepared image; a clone keeps its template's.
  object.ignore('Format');
  const id = object.get('TemplateID', wholeNumber(100, 999_999_999));
  const name = object.get('TemplateName', text);
  return said({
    template: id === undefined ? name : String(id),
    cloneMode: object.get('FullClone', fullClone),
    node: object.get('Node', text),
    storage: object.get('Storage', text),
  });
}

function merge(own: ImageWords, ofSource: ImageWords, path: string): ImageWords {
  for (const key of Object.keys(own) as (keyof ImageWords)[]) agree(`${path}.source`, ofSource[key], own[key]);
  return { ...ofSource, ...own };
}

/** `image_json` in Go's shape with our extra keys. */
export function encodeImage(image: ImageSource): Record<string, unknown> {
  const go = { TemplateName: '', Path: '', URL: '', Format: 'template', Checksum: '', ChecksumType: 'sha256' };
  switch (image.kind) {
    case 'template':
      return { ...go, TemplateName: image.ref, CloneMode: image.cloneMode, Node: image.node, Storage: image.storage };
    case 'disk':
      return { ...go, Path: image.path, Format: image.format };
    case 'iso':
      return { ...go, ISO: image.volume };
  }
}
