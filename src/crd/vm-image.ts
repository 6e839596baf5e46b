// spec of VMImage: upstream's fields, and beside them the documented `source: <template name or VMID>` and `cloneMode`.
import { z } from 'zod';
import { strictObject } from './strict-object.ts';
import { reference, text } from './fields.ts';

const int = z.number().int();

export const cloneMode = z.enum(['full', 'linked']);

const proxmox = strictObject({
  /** VMID of a template or of an ordinary VM; it wins over the name, which may be a volume too. */
  templateID: int.min(100).max(999_999_999).optional(),
  templateName: text.max(255).optional(),
  storage: text.max(255).optional(),
  node: text.max(255).optional(),
  format: z.enum(['raw', 'qcow2', 'vmdk']).optional(),
  fullClone: z.boolean().optional(),
  cloneMode: cloneMode.optional(),
  snapshot: text.max(40).optional(),
});

/** One image may name a source for each kind of provider. What is meant for others is not looked into. */
const sources = strictObject({
  proxmox: proxmox.optional(),
  /** An empty boot disk, and nothing to install from. */
  blank: z.boolean().optional(),
  http: z.looseObject({ url: text }).optional(),
  registry: z.looseObject({ image: text }).optional(),
  dataVolume: reference.optional(),
  libvirt: z.looseObject({}).optional(),
  vsphere: z.looseObject({}).optional(),
});

export const vmImageSpec = strictObject({
  /** As a text: the name or VMID of a template or VM, or a volume: `<storage>:iso/<file>`, `<storage>:import/<file>`. */
  source: z.union([z.string().min(1), int, sources]),
  cloneMode: cloneMode.optional(),
  /** How to bring in what the sources name; of no account where a template is named. */
  prepare: z.looseObject({}).optional(),
  distribution: z.looseObject({}).optional(),
  metadata: z.looseObject({}).optional(),
});

export type VmImageSpec = z.output<typeof vmImageSpec>;
