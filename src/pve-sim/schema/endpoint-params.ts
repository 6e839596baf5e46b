// Parameters that many endpoints share.
import { nodeFormat, storageIdFormat, vmidFormat } from './formats.ts';
import { integer, type Property, type Schema, text } from './property.ts';

export const vmidProperty: Property = integer({ format: vmidFormat, minimum: 100, maximum: 999999999 });
const nodeProperty: Property = text({ format: nodeFormat });
export const storageProperty: Property = text({ format: storageIdFormat });
export const digestProperty: Property = { type: 'string', maxLength: 40, optional: true };

export const nodeParams: Schema = { node: nodeProperty };
export const guestParams: Schema = { node: nodeProperty, vmid: vmidProperty };
