import { invalidSpec } from '#domain/fault';

/**
 * The value of a field that has several names, by name; undefined where none says anything.
 * Throws `invalid-spec` where two names say different things.
 */
export function sayOnce<T>(path: string, said: Readonly<Record<string, T | undefined>>): T | undefined {
  const [first, ...others] = Object.entries(said).filter(([, value]) => value !== undefined && value !== '');
  if (first === undefined) return undefined;
  const [name, value] = first;
  const different = others.find(([, other]) => other !== value);
  if (different === undefined) return value;
  throw invalidSpec(
    `${path}.${different[0]}`,
    `it says ${String(different[1])}, but ${name} says ${String(value)}`,
    'Keep one of the two',
  );
}
