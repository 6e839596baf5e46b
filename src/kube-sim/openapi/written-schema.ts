// A definition as each version of OpenAPI writes it.
import type { Definition } from '../kinds/schemas/definition.ts';
import type { Json, JsonObject } from '../object.ts';

/** Version 3: what stands beside a reference needs an `allOf` around it. */
export function inV3(definition: Definition): JsonObject {
  const { $ref, ...rest } = definition;
  const written = within(unfolded(rest), inV3);
  if ($ref === undefined) return written;
  const reference = { $ref: `#/components/schemas/${$ref}` };
  return Object.keys(rest).length === 0 ? reference : { ...written, allOf: [reference] };
}

/**
 * Version 2: without defaults and without what it cannot say. What may be null or anything has no type at all, since
 * kubectl would believe it (recording 011: note, agent, template).
 */
export function inV2(definition: Definition): JsonObject {
  const { $ref, default: _, allOf: __, anyOf: ___, oneOf: ____, not: _____, nullable, ...rest } = definition;
  const free = nullable === true || rest['x-kubernetes-preserve-unknown-fields'] === true;
  const written = within(free ? withoutType(rest) : rest, inV2);
  return $ref === undefined ? written : { ...written, $ref: `#/definitions/${$ref}` };
}

function withoutType(definition: Definition): Definition {
  const { type: _, properties: __, items: ___, additionalProperties: ____, required: _____, ...rest } = definition;
  return rest;
}

/** A number or a text is said as a choice of two, unless the schema says it itself (recording 011: size, memory). */
function unfolded(definition: Definition): Definition {
  if (
    definition['x-kubernetes-int-or-string'] !== true ||
    definition.anyOf !== undefined ||
    definition.allOf !== undefined
  )
    return definition;
  return { ...definition, anyOf: [{ type: 'integer' }, { type: 'string' }] };
}

function within(definition: Definition, written: (one: Definition) => JsonObject): JsonObject {
  const { properties, items, additionalProperties, ...rest } = definition;
  return {
    ...(rest as JsonObject),
    ...(properties && { properties: mapped(properties, written) }),
    ...(items && { items: written(items) }),
    ...(additionalProperties !== undefined && { additionalProperties: anything(additionalProperties, written) }),
  };
}

function mapped(
  properties: Readonly<Record<string, Definition>>,
  written: (one: Definition) => JsonObject,
): JsonObject {
  return Object.fromEntries(Object.entries(properties).map(([key, one]) => [key, written(one)]));
}

/** A CRD may say only whether there can be others. */
function anything(of: Definition | boolean, written: (one: Definition) => JsonObject): Json {
  return typeof of === 'boolean' ? of : written(of);
}
