import { Fault, invalidSpec } from '#domain/fault';
import type { ImageSource } from '#domain/vm-spec';
import { type Manifest, manifestTitle } from './manifests.ts';
import { readSpec } from './read-spec.ts';
import { vmImageSpec, type VmImageSpec } from './vm-image.ts';

/** Where the disks come from. Throws `invalid-spec`, or `unsupported` for images that would have to be fetched first. */
export function normaliseImage(image: Manifest): ImageSource {
  const { source } = readSpec(vmImageSpec, image);
  const path = `${manifestTitle(image)}: spec.source`;
  if (typeof source === 'number') return template(String(source));
  if (typeof source === 'string') {
    if (/^[a-z]+:\/\//i.test(source)) throw notFetched(path);
    return template(source);
  }
  return templateOf(source, path);
}

function templateOf(source: Exclude<VmImageSpec['source'], string | number>, path: string): ImageSource {
  const { proxmox } = source;
  const ref = proxmox?.templateID?.toString() ?? proxmox?.templateName;
  if (proxmox === undefined || ref === undefined || ref === '') {
    if (source.http !== undefined || source.registry !== undefined || source.dataVolume !== undefined) {
      throw notFetched(path);
    }
    throw invalidSpec(path, 'it names no template', 'Set proxmox.templateName or proxmox.templateID');
  }
  return {
    ...template(ref),
    cloneMode: proxmox.fullClone === undefined ? undefined : proxmox.fullClone ? 'full' : 'linked',
    node: proxmox.node,
    storage: proxmox.storage,
  };
}

function template(ref: string): Extract<ImageSource, { kind: 'template' }> {
  return { kind: 'template', ref, cloneMode: undefined, node: undefined, storage: undefined };
}

function notFetched(path: string): Fault {
  return new Fault('unsupported', {
    subject: path,
    why: 'images that have to be fetched first are not supported by this version',
    remedy: 'Make a template of it on PVE, and name that',
  });
}
