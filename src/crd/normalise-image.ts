import { Fault, invalidSpec } from '#domain/fault';
import { parseImageName } from '#domain/image-name';
import type { CloneMode, ImageSource } from '#domain/vm-spec';
import { type Manifest, manifestTitle } from './manifests.ts';
import { readSpec } from './read-spec.ts';
import { sayOnce } from './say-once.ts';
import { vmImageSpec, type VmImageSpec } from './vm-image.ts';

/** What is said of a source besides its name. */
interface Details {
  readonly cloneMode: CloneMode | undefined;
  readonly snapshot: string | undefined;
  readonly node: string | undefined;
  readonly storage: string | undefined;
}

type Sources = Exclude<VmImageSpec['source'], string | number>;

/** Where the disks come from. Throws `invalid-spec`, or `unsupported` for images that would have to be fetched first. */
export function normaliseImage(image: Manifest): ImageSource {
  const { source, cloneMode } = readSpec(vmImageSpec, image);
  const title = manifestTitle(image);
  const path = `${title}: spec.source`;
  if (typeof source !== 'object') {
    const details = { cloneMode, snapshot: undefined, node: undefined, storage: undefined };
    return named(String(source), details, path);
  }
  return sourceOf(source, detailsOf(source, cloneMode, `${title}: spec`), path);
}

/** `fullClone: true` is what an API server fills in where nothing was said, so it says nothing. */
function detailsOf({ proxmox }: Sources, cloneMode: CloneMode | undefined, path: string): Details {
  const mode = sayOnce<CloneMode>(path, {
    cloneMode,
    'source.proxmox.cloneMode': proxmox?.cloneMode,
    'source.proxmox.fullClone': proxmox?.fullClone === false ? 'linked' : undefined,
  });
  return { cloneMode: mode, snapshot: proxmox?.snapshot, node: proxmox?.node, storage: proxmox?.storage };
}

function sourceOf(source: Sources, details: Details, path: string): ImageSource {
  const { proxmox, blank = false } = source;
  const ref = proxmox?.templateID?.toString() ?? proxmox?.templateName ?? '';
  if (ref !== '' && blank) throw invalidSpec(`${path}.blank`, `it also names "${ref}"`, 'Keep one of the two');
  if (ref !== '') return named(ref, details, `${path}.proxmox.templateName`);
  if (blank) return made({ kind: 'blank' }, details, path);
  if (source.http !== undefined || source.registry !== undefined || source.dataVolume !== undefined) {
    throw notFetched(path);
  }
  throw invalidSpec(path, 'it names no template', 'Set proxmox.templateName or proxmox.templateID');
}

function named(name: string, details: Details, path: string): ImageSource {
  const source = parseImageName(name, path);
  if (source.kind === 'url') throw notFetched(path);
  return source.kind === 'template' ? { ...source, ...details } : made(source, details, path);
}

/** A source that is no clone. */
function made(
  source: { kind: 'iso' | 'disk'; volume: string } | { kind: 'blank' },
  { cloneMode, snapshot, node, storage }: Details,
  path: string,
): ImageSource {
  const word = snapshot === undefined ? cloneMode && 'cloneMode' : 'snapshot';
  if (word === undefined) return { ...source, node, storage };
  throw invalidSpec(path, `it has a ${word}, but only a template or a VM can be cloned`, `Remove the ${word}`);
}

function notFetched(path: string): Fault {
  return new Fault('unsupported', {
    subject: path,
    why: 'images that have to be fetched first are not supported by this version',
    remedy: 'Make a template of it on PVE, and name that',
  });
}
