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

export function unknownKey(key: string, known: readonly string[]): string {
  const like = nearest(key, known);
  return like === undefined
    ? `there is no such field; known are ${known.join(', ')}`
    : `unknown; did you mean "${like}"?`;
}
