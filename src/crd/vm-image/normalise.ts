import type { VmImage } from '#domain/fetched-image';
import { Fault, invalidSpec } from '#domain/fault';
import { parseImageName } from '#domain/image-name';
import { isSeveralNodes } from '#domain/template-nodes';
import type { CloneMode, ImageSource } from '#domain/vm-spec';
import { type Manifest, manifestTitle } from '../manifests.ts';
import { readSpec } from '../read-spec.ts';
import { refuse } from '../refuse.ts';
import { sayOnce } from '../say-once.ts';
import { type Asked, normaliseFetched } from './normalise-fetched.ts';
import type { Sources } from './sources.ts';
import { vmImageSpec, type VmImageSpec } from './spec.ts';

/** Where the disks come from. Throws `invalid-spec`, or `unsupported` for what PVE cannot fetch. */
export function normaliseImage(image: Manifest): VmImage {
  const spec = readSpec(vmImageSpec, image);
  const asked = askedOf(spec, `${manifestTitle(image)}: spec`);
  const { source } = spec;
  return typeof source === 'object' ? sourceOf(source, asked) : named(String(source), asked, `${asked.path}.source`);
}

/** `fullClone: true` is what an API server fills in where nothing was said, so it says nothing. */
function askedOf(spec: VmImageSpec, path: string): Asked {
  const { proxmox = {}, http } = typeof spec.source === 'object' ? spec.source : {};
  const cloneMode = sayOnce<CloneMode>(path, {
    cloneMode: spec.cloneMode,
    'source.proxmox.cloneMode': proxmox.cloneMode,
    'source.proxmox.fullClone': proxmox.fullClone === false ? 'linked' : undefined,
  });
  return { spec, path, proxmox, http, cloneMode };
}

function sourceOf(source: Sources, asked: Asked): VmImage {
  const { proxmox, blank = false, http } = source;
  const path = `${asked.path}.source`;
  const ref = proxmox?.templateID?.toString() ?? proxmox?.templateName ?? '';
  const other = ref === '' ? http?.url : ref;
  if (blank && other !== undefined) {
    throw invalidSpec(`${path}.blank`, `it also names "${other}"`, 'Keep one of the two');
  }
  if (ref !== '') return named(ref, asked, `${path}.proxmox.templateName`);
  if (blank) return there({ kind: 'blank' }, asked);
  if (http !== undefined) return normaliseFetched(http.url, asked, `${path}.http`);
  refuse(path, { registry: source.registry, dataVolume: source.dataVolume }, CANNOT_FETCH);
  throw invalidSpec(path, 'it names no template', 'Set proxmox.templateName or proxmox.templateID');
}

const CANNOT_FETCH = {
  why: 'Proxmox VE cannot fetch it',
  remedy: 'Make a template of it on PVE, and name that, or give an image as http.url',
};

/** @param field that says the name */
function named(name: string, asked: Asked, field: string): VmImage {
  const source = parseImageName(name, field);
  return source.kind === 'url' ? normaliseFetched(source.url, asked, field) : there(source, asked);
}

type Named = { kind: 'template'; ref: string } | { kind: 'iso' | 'disk'; volume: string } | { kind: 'blank' };

/** What is there already. */
function there(source: Named, { proxmox, cloneMode, path }: Asked): VmImage {
  const { snapshot, node, storage, nodes = [] } = proxmox;
  if (nodes.length > 0 || isSeveralNodes(node ?? '')) {
    const field = `${path}.source.proxmox.${nodes.length > 0 ? 'nodes' : 'node'}`;
    const why = 'it says where templates of a URL are made, and the image is there already';
    throw invalidSpec(field, why, 'Remove it, or name the one node the image is on');
  }
  const place = { node, storage };
  if (source.kind === 'template') return { kind: 'there', source: { ...source, cloneMode, snapshot, ...place } };
  const word = snapshot === undefined ? cloneMode && 'cloneMode' : 'snapshot';
  if (word === undefined) return { kind: 'there', source: { ...source, ...place } };
  const why = `it has a ${word}, but only a template or a VM can be cloned`;
  throw invalidSpec(`${path}.source`, why, `Remove the ${word}`);
}

/**
 * The source of a VM that is made now. Throws `unsupported` for an image that has to be fetched, and of which no template
 * is there.
 *
 * @param prepared id of that template
 */
export function imageThatIsThere(image: Manifest, prepared: string | undefined): ImageSource {
  const found = normaliseImage(image);
  if (found.kind === 'there') return found.source;
  if (prepared !== undefined) {
    const { cloneMode } = found.image;
    return { kind: 'template', ref: prepared, cloneMode, snapshot: undefined, node: undefined, storage: undefined };
  }
  throw new Fault('unsupported', {
    subject: `${manifestTitle(image)}: spec.source`,
    why: 'the image has to be fetched first, which needs a manager',
    remedy: 'Make a template of it on PVE, and name that',
  });
}
