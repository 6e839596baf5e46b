// The name of a file that a template is made from. No image that is fetched under a name of its own is called so, since such
// names have no `_`. Frozen: what is left of one is known by it.
import type { Vmid } from '#pve/ids';

const NAME = /^vrtg_image_([1-9]\d{2,8})_([a-z2-7]{12})\.(?:qcow2|raw|vmdk)$/;

export function imageFileName(vmid: Vmid, incarnation: string, format: string): string {
  return `vrtg_image_${vmid}_${incarnation}.${format}`;
}

/** Whose file it is; undefined for one of another name. */
export function parseImageFile(name: string): { readonly vmid: number; readonly incarnation: string } | undefined {
  const [, vmid, incarnation] = NAME.exec(name) ?? [];
  return vmid === undefined || incarnation === undefined ? undefined : { vmid: Number(vmid), incarnation };
}
