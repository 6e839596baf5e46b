import { nearest } from '#domain/nearest';
import { z } from 'zod';

/** A zod object that refuses other keys and says which known one each of them is like. */
export function strictObject<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => `"${key}": ${unknownKey(key, known)}`).join('; ')
        : undefined,
  });
}

type Optional<Shape extends z.ZodRawShape> = { [Key in keyof Shape]: z.ZodOptional<Shape[Key]> };

/** The same fields, none of which has to be said. */
export function optional<Shape extends z.ZodRawShape>(shape: Shape): Optional<Shape> {
  const entries = Object.entries(shape).map(([key, field]) => [key, z.optional(field)]);
  return Object.fromEntries(entries) as Optional<Shape>;
}

/** A strict object none of whose fields has to be said. */
export function optionalObject<Shape extends z.ZodRawShape>(
  shape: Shape,
): z.ZodObject<Optional<Shape>, z.core.$strict> {
  return strictObject(optional(shape));
}

export function unknownKey(key: string, known: readonly string[]): string {
  const like = nearest(key, known);
  return like === undefined
    ? `there is no such field; known are ${known.join(', ')}`
    : `unknown; did you mean "${like}"?`;
}
