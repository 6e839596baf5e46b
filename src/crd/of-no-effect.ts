// Fields that a kind takes over from VirtRigaud's and that do nothing here. Taking them in silence would be a lie, refusing
// them would refuse most manifests there are; so whoever applies an object is told which of its fields these are.
import { structuralSchema } from './definition/structural.ts';
import type { SchemaNode } from './definition/schema-node.ts';
import { kinds } from './kinds.ts';
import type { Manifest } from './manifests.ts';
import { asks } from './refuse.ts';

/** How the description of such a field begins: what `kubectl explain` says and what is told are one. */
const BEGINS = 'Of no effect';

export interface IdleField {
  /** `spec.disks[0].scsi`. */
  readonly field: string;
  /** The field's description. */
  readonly why: string;
}

/** Those that the spec of an object of ours asks something of, in the order of the kind's own fields. */
export function fieldsOfNoEffect(manifest: Manifest): IdleField[] {
  const schema = specSchemaOf(manifest.kind);
  return schema === undefined ? [] : idle(schema, manifest.spec, 'spec');
}

const known = new Map<string, SchemaNode>();

/** Made once: it takes longer than all else of a look at an object. */
function specSchemaOf(name: string): SchemaNode | undefined {
  const spec = kinds.find(({ kind }) => kind === name)?.spec;
  const schema = known.get(name) ?? (spec === undefined ? undefined : structuralSchema(spec));
  if (schema !== undefined) known.set(name, schema);
  return schema;
}

function idle(node: SchemaNode, value: unknown, field: string): IdleField[] {
  if (!asks(value)) return [];
  const { description = '', properties = {}, items } = node;
  if (description.startsWith(BEGINS)) return [{ field, why: description }];
  if (Array.isArray(value)) {
    return items === undefined ? [] : value.flatMap((item, index) => idle(items, item, `${field}[${index}]`));
  }
  if (typeof value !== 'object') return [];
  const said: Readonly<Record<string, unknown>> = { ...value };
  return Object.entries(properties).flatMap(([name, below]) => idle(below, said[name], `${field}.${name}`));
}
