// The one word by which people name an image: a template or a VM by its name or VMID, or a volume of PVE.
import { invalidSpec } from './fault.ts';

export type ImageName =
  | { readonly kind: 'template'; readonly ref: string }
  | { readonly kind: 'iso'; readonly volume: string }
  | { readonly kind: 'disk'; readonly volume: string }
  | { readonly kind: 'url'; readonly url: string };

/** `<storage>:<name>`. No VM can be called so, since a VM's name is a DNS name. */
const VOLUME = /^[a-zA-Z][\w.-]*[a-zA-Z0-9]:(?:(?<folder>[a-z]+)\/)?[^\s,]+$/;

/** What is on a storage and is no disk, by the folder in the id of the volume. */
const NO_DISK: Readonly<Record<string, string>> = {
  vztmpl: 'a template for containers',
  backup: 'a backup',
  snippets: 'a snippet',
  rootdir: 'the disk of a container',
};

/** What `text`, the value of `field`, names. Throws `invalid-spec` for paths and for volumes that are no image. */
export function parseImageName(text: string, field: string): ImageName {
  if (/^[a-z]+:\/\//i.test(text)) return { kind: 'url', url: text };
  if (!VOLUME.test(text) && !text.startsWith('/')) return { kind: 'template', ref: text };
  return folderOf(text) === 'iso' ? { kind: 'iso', volume: text } : { kind: 'disk', volume: checkDisk(text, field) };
}

/** `text` as the id of a volume that can become a disk; throws `invalid-spec` naming `field`. */
export function checkDisk(text: string, field: string): string {
  if (text.startsWith('/')) {
    throw invalidSpec(
      field,
      `"${text}" is a file of a node, and PVE lets nobody but a login of root@pam read those`,
      'Put it on a storage as import content, and name that: <storage>:import/<file>',
    );
  }
  if (!VOLUME.test(text)) {
    throw invalidSpec(
      field,
      `"${text}" is not the id of a volume`,
      'Write <storage>:import/<file>, or the id of a disk',
    );
  }
  const folder = folderOf(text);
  if (folder === 'iso') {
    throw invalidSpec(
      field,
      `"${text}" is an ISO image, which PVE takes for a medium and never for a disk`,
      'Name it as an ISO to install from, or put the image on a storage as import content',
    );
  }
  return refuseNoDisk(text, folder, field);
}

/** `text` as the id of an ISO image; throws `invalid-spec` naming `field`. */
export function checkIso(text: string, field: string): string {
  if (VOLUME.test(text) && folderOf(text) === 'iso') return text;
  throw invalidSpec(field, `"${text}" is not the id of an ISO image`, 'Write <storage>:iso/<file>');
}

function folderOf(volume: string): string | undefined {
  return VOLUME.exec(volume)?.groups?.['folder'];
}

function refuseNoDisk(volume: string, folder: string | undefined, field: string): string {
  const what = NO_DISK[folder ?? ''];
  if (what === undefined) return volume;
  throw invalidSpec(field, `"${volume}" is ${what}`, 'Name a template, an ISO image, or the image of a disk');
}
