// Fields that several kinds share. A description is what `kubectl explain` and docs/manifests.md say of a field.
import { QUANTITY } from '#domain/quantity';
import { z } from 'zod';
import { optional, optionalObject, strictObject } from './strict-object.ts';

export const text = (about: string, max?: number): z.ZodString =>
  (max === undefined ? z.string() : z.string().max(max)).describe(about);

const said = z.string().min(1, { error: 'it is empty' });

/** A text that is never empty. */
export const word = (about: string, max?: number): z.ZodString =>
  (max === undefined ? said : said.max(max)).describe(about);

export const texts = (about: string, max: number): z.ZodArray<z.ZodString> =>
  z.array(z.string()).max(max).describe(about);

export const bridge = (about: string): z.ZodString =>
  word(about, 15).regex(/^[\w.-]+$/, { error: 'expected the name of a bridge, such as "vmbr0"' });

/** Names, none of which is empty. */
export const words = (about: string, max: number): z.ZodArray<z.ZodString> => z.array(said).max(max).describe(about);

export const flag = (about: string): z.ZodBoolean => z.boolean().describe(about);

/** A whole number from `min` to `max`. */
export const whole = (about: string, min: number, max?: number): z.ZodNumber =>
  (max === undefined ? z.number().int().min(min) : z.number().int().min(min).max(max)).describe(about);

export const oneOf = <const Words extends readonly string[]>(
  about: string,
  words: Words,
): z.ZodEnum<{ [Word in Words[number]]: Word }> => z.enum(words).describe(about);

export const textMap = (about: string): z.ZodRecord<z.ZodString, z.ZodString> =>
  z.record(z.string(), z.string()).describe(about);

/** Anything: what is meant for others, or checked by others. */
export const anything = (about: string): z.ZodObject<Record<string, never>, z.core.$loose> =>
  z.looseObject({}).describe(about);

/** A duration as Go writes it. */
export const duration = (about: string): z.ZodString =>
  z
    .string()
    .regex(/^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$/, { error: 'expected a duration such as "30s" or "5m"' })
    .describe(about);

type Quantity = z.ZodUnion<readonly [z.ZodString, z.ZodNumber]>;

/** Any quantity of Kubernetes, such as `100m`. */
export const anyQuantity = (about: string): Quantity =>
  z
    .union([z.string(), z.number()], { error: 'expected a quantity such as "4Gi"' })
    .meta({ description: about, 'x-kubernetes-int-or-string': true });

/** A number of bytes such as `4Gi`. The API server looks at its form; whoever reads the spec says what is wrong with it. */
export const quantity = (about: string): Quantity => anyQuantity(about).meta({ pattern: QUANTITY.source });

/** Another object, by default in the namespace of the one that names it. */
export const reference = (about: string) =>
  strictObject({
    name: word('Name of the object.', 253),
    ...optional({ namespace: word('Its namespace; by default that of the object that names it.', 63) }),
  }).describe(about);

/** Another object in the same namespace. */
export const localReference = (about: string) =>
  strictObject({ name: word('Name of an object in the same namespace.', 253) }).describe(about);

/** As the pod of a Provider names another object: with or without a name. */
export const podReference = (about: string) =>
  optionalObject({ name: text('Name of an object in the same namespace.') }).describe(about);

export const cloneMode = (about: string) => oneOf(about, ['full', 'linked']);

export const time = (about: string): z.ZodISODateTime => z.iso.datetime().describe(about);

const condition = strictObject({
  type: word('What it is about, such as `Ready`.', 316),
  status: oneOf('Whether it holds.', ['True', 'False', 'Unknown']),
  reason: word('One word for machines: why.', 1024),
  message: text('A sentence for people: why.', 32_768),
  lastTransitionTime: time('When `status` last changed.'),
  ...optional({ observedGeneration: whole('The generation of the object it was found in.', 0) }),
}).describe('One thing that holds or does not hold of the object.');

/** What every status has. */
export const conditions = {
  conditions: z.array(condition).meta({
    description: 'What holds of the object now.',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['type'],
  }),
  observedGeneration: whole('The generation of the object this status is about.', 0),
};
