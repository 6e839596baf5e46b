import { parseProperties } from './property-string.ts';

/** The `boot` option: devices in order, or the letters of old configurations. */
export type Boot = { readonly order: readonly string[] } | { readonly legacy: string };

/** A blank one, as PVE stores it for a VM without devices, is an empty order; undefined where PVE could not read it. */
export function parseBoot(text: string): Boot | undefined {
  if (text.trim() === '') return { order: [] };
  const properties = parseProperties(text, 'legacy');
  const { order, legacy } = properties ?? {};
  if (order !== undefined) return { order: order.split(';').filter((device) => device !== '') };
  return legacy !== undefined && /^[acdn]{1,4}$/.test(legacy) ? { legacy } : undefined;
}

/** Empty for an empty order: `order=` alone is refused (pve-behaviour 21). */
export function formatBoot(boot: Boot): string {
  if ('legacy' in boot) return boot.legacy;
  return boot.order.length === 0 ? '' : `order=${boot.order.join(';')}`;
}
