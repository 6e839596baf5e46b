// Parameters that many endpoints share.
import { configIdFormat, nodeFormat, storageIdFormat, vmidFormat } from './formats.ts';
import { integer, listText, optional, type Property, type Schema, text } from './property.ts';

export const vmidProperty: Property = integer({ format: vmidFormat, minimum: 100, maximum: 999999999 });
const nodeProperty: Property = text({ format: nodeFormat });
export const storageProperty: Property = text({ format: storageIdFormat });
/** Of a guest's config. */
export const digestProperty: Property = optional(text({ maxLength: 40 }));
/** Of a file of the cluster with sections, such as storage.cfg. */
export const fileDigest: Property = optional(text({ maxLength: 64 }));
/** Which of a section's options are to go. */
export const deletedOptions: Property = listText(configIdFormat, { maxLength: 4096 });
export const snapshotName: Property = text({ format: configIdFormat, maxLength: 40 });

export const nodeParams: Schema = { node: nodeProperty };
export const guestParams: Schema = { node: nodeProperty, vmid: vmidProperty };
