// From zod to a structural schema: what a CRD may hold is less than what OpenAPI may say.
import { z } from 'zod';
import type { SchemaNode } from './schema-node.ts';

/** What an API server is to hold objects to, as a structural schema. */
export function structuralSchema(schema: z.ZodType): SchemaNode {
  return fixed(z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input' }) as SchemaNode);
}

/** The bounds zod gives whole numbers that have none. */
const UNBOUNDED = Number.MAX_SAFE_INTEGER;

function fixed(node: SchemaNode): SchemaNode {
  const { description, type, anyOf, properties, items, additionalProperties, minimum, maximum, pattern, ...rest } =
    node;
  // Without a type it is zod's union; beside one it is a rule of ours about required fields.
  if (type === undefined && anyOf !== undefined) return union({ description, pattern, ...rest }, anyOf);
  return withoutUndefined({
    description,
    type,
    ...rest,
    anyOf,
    minimum: minimum === -UNBOUNDED ? undefined : minimum,
    maximum: maximum === UNBOUNDED ? undefined : maximum,
    // zod's own pattern for times refuses zones, which Kubernetes takes.
    pattern: node.format === 'date-time' ? undefined : pattern,
    properties: properties === undefined || isEmpty(properties) ? undefined : fixedAll(properties),
    items: items === undefined ? undefined : fixed(items),
    ...ofOtherKeys(additionalProperties),
  });
}

function fixedAll(properties: Readonly<Record<string, SchemaNode>>): Record<string, SchemaNode> {
  return Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, fixed(property)]));
}

/** `false` may not be said, as unknown fields are refused or pruned anyway; an empty schema is anything. */
function ofOtherKeys(additional: SchemaNode['additionalProperties']): SchemaNode {
  if (additional === undefined || typeof additional === 'boolean') return {};
  return isEmpty(additional)
    ? { 'x-kubernetes-preserve-unknown-fields': true }
    : { additionalProperties: fixed(additional) };
}

/**
 * A structural schema knows one union, of whole numbers and texts. Any other node that may be of several types has none,
 * and keeps unknown fields; what it has of known ones is still looked into.
 */
function union(rest: Loose, alternatives: readonly SchemaNode[]): SchemaNode {
  if (rest['x-kubernetes-int-or-string'] === true)
    return withoutUndefined({ ...rest, anyOf: [{ type: 'integer' }, { type: 'string' }] });
  const words = alternatives.map(wordsOf);
  const object = alternatives.find(({ properties }) => properties !== undefined);
  const list = alternatives.find(({ items }) => items !== undefined);
  return withoutUndefined({
    ...rest,
    'x-kubernetes-preserve-unknown-fields': true,
    enum: words.every((known) => known !== undefined) ? words.flat() : undefined,
    properties: object === undefined ? undefined : fixed(object).properties,
    items: list === undefined ? undefined : fixed(list).items,
  });
}

function wordsOf(node: SchemaNode): SchemaNode['enum'] {
  return node.enum ?? (node.type === 'boolean' ? [true, false] : undefined);
}

function isEmpty(value: object): boolean {
  return Object.keys(value).length === 0;
}

type Loose = { readonly [Key in keyof SchemaNode]: SchemaNode[Key] | undefined };

function withoutUndefined(node: Loose): SchemaNode {
  return Object.fromEntries(Object.entries(node).filter(([, value]) => value !== undefined));
}
