import { invalidSpec } from '#domain/fault';
import { checkDisk, checkIso, parseImageName } from '#domain/image-name';
import type { CloneMode, ImageSource } from '#domain/vm-spec';
import { oneNode } from './image-nodes.ts';
import { agree, type JsonObject, type ReadValue, readObject } from './json-object.ts';
import { said } from './said.ts';
import { flag, oneOf, text, wholeNumber } from './values.ts';

// image_json: what the disks of a new VM come from. Go sends one flat object; older senders a VMImage's `source`,
// which is a name, `{template, storage}` or `{proxmox: {templateID, templateName, ...}}`.

/** Everything an image may say, whatever shape it came in. */
interface ImageWords {
  /** A name, a VMID, or a volume: PVE's own Go provider has no other field for them. */
  template?: string;
  path?: string;
  url?: string;
  iso?: string;
  blank?: boolean;
  cloneMode?: CloneMode;
  snapshot?: string;
  node?: string;
  storage?: string;
}

export const cloneMode = oneOf({ full: 'full', linked: 'linked' } as const);
/** True is what the API server fills in where nobody said anything. */
const fullClone: ReadValue<CloneMode | undefined> = (value, path) => (flag(value, path) ? undefined : 'linked');

/** The source that `image_json` tells; throws `invalid-spec` if it names none a VM can be made from. */
export function decodeImage(value: unknown, path: string): ImageSource {
  const words = readObject(readImage)(value ?? {}, path);
  const source = chooseSource(words, path);
  if (source.kind !== 'template') refuseCloneWords(words, path);
  return source;
}

/** A template wins over the other sources, since the manager fills those in from other providers' parts of a VMImage. */
function chooseSource(words: ImageWords, path: string): ImageSource {
  const place = { node: words.node, storage: words.storage };
  const { cloneMode: mode, snapshot } = words;
  const named = nameOf(words, path);
  if (named !== undefined && named.kind === 'template') {
    return { kind: 'template', ref: named.ref, cloneMode: mode, snapshot, ...place };
  }
  if (named !== undefined && named.kind !== 'url') return { ...named, ...place };
  if (words.blank === true) return { kind: 'blank', ...place };
  if (words.path !== undefined) return { kind: 'disk', volume: checkDisk(words.path, `${path}.Path`), ...place };
  if (words.url !== undefined || named !== undefined) {
    throw invalidSpec(
      `${path}.URL`,
      'a VM cannot be made from a URL',
      'Let the VMImage be prepared on this provider first',
    );
  }
  throw invalidSpec(
    `${path}.TemplateName`,
    'the VMImage names no template',
    "Set the VMImage's source to a template on PVE; beside source.http set source.proxmox.storage, where it is prepared",
  );
}

/** What the image names by a word; throws where it names two things. */
function nameOf(words: ImageWords, path: string): ReturnType<typeof parseImageName> | undefined {
  const { template, iso, blank } = words;
  if (template !== undefined && iso !== undefined && template !== iso) {
    throw invalidSpec(
      path,
      `names a template ("${template}") and an ISO ("${iso}")`,
      'Name only one of them in the VMImage',
    );
  }
  const name = template ?? iso;
  if (name !== undefined && blank === true) {
    throw invalidSpec(`${path}.Blank`, `asks for a blank disk, but the image names "${name}"`, 'Keep one of the two');
  }
  if (iso !== undefined) return { kind: 'iso', volume: checkIso(iso, `${path}.ISO`) };
  return template === undefined ? undefined : parseImageName(template, `${path}.TemplateName`);
}

function refuseCloneWords({ cloneMode: mode, snapshot }: ImageWords, path: string): void {
  const [key] = Object.keys(said({ CloneMode: mode, Snapshot: snapshot }));
  if (key === undefined) return;
  throw invalidSpec(`${path}.${key}`, 'only a template or a VM can be cloned', 'Leave it out, or name a template');
}

function readImage(object: JsonObject): ImageWords {
  // PVE looks at the format itself, and Go writes "template" or a default for it.
  object.ignore('Format', 'Checksum', 'ChecksumType', 'Nodes', 'Prepare', 'Metadata', 'Distribution');
  const own = said({
    template: object.get('TemplateName', text),
    path: object.get('Path', text),
    url: object.get('URL', text),
    iso: object.get('ISO', text),
    blank: object.get('Blank', flag),
    cloneMode: object.get('CloneMode', cloneMode),
    snapshot: object.get('Snapshot', text),
    node: object.get('Node', oneNode),
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
    blank: object.get('Blank', flag),
    storage: object.get('Storage', text),
    node: object.get('Node', oneNode),
  });
  return merge(own, object.get('Proxmox', readObject(readProxmox)) ?? {}, object.path);
}

function readHttp(object: JsonObject): string | undefined {
  object.ignore('Checksum', 'ChecksumType', 'Timeout', 'Headers', 'Authentication');
  return object.get('URL', text);
}

function readProxmox(object: JsonObject): ImageWords {
  // The format is that of a prepared image, and the nodes are those that have a template of it.
  object.ignore('Format', 'Nodes');
  const id = object.get('TemplateID', wholeNumber(100, 999_999_999));
  const name = object.get('TemplateName', text);
  return said({
    template: id === undefined ? name : String(id),
    cloneMode: agree(object.at('CloneMode'), object.get('CloneMode', cloneMode), object.get('FullClone', fullClone)),
    snapshot: object.get('Snapshot', text),
    node: object.get('Node', oneNode),
    storage: object.get('Storage', text),
  });
}

function merge(own: ImageWords, ofSource: ImageWords, path: string): ImageWords {
  for (const key of Object.keys(own) as (keyof ImageWords)[]) agree(`${path}.source`, ofSource[key], own[key]);
  return { ...ofSource, ...own };
}

/** `image_json` in Go's shape with our extra keys. */
export function encodeImage(image: ImageSource): Record<string, unknown> {
  const { node: Node, storage: Storage } = image;
  const go = { TemplateName: '', Path: '', URL: '', Format: 'template', Checksum: '', ChecksumType: 'sha256' };
  switch (image.kind) {
    case 'template': {
      const { ref: TemplateName, cloneMode: CloneMode, snapshot: Snapshot } = image;
      return { ...go, TemplateName, CloneMode, Snapshot, Node, Storage };
    }
    case 'disk':
      return { ...go, Path: image.volume, Node, Storage };
    case 'iso':
      return { ...go, ISO: image.volume, Node, Storage };
    case 'blank':
      return { ...go, Blank: true, Node, Storage };
  }
}
