import type { Json } from '../object.ts';
import { isList, isObject } from '../shape.ts';

/** What is new has neither directives nor members that are null. Undefined for what is a directive as a whole. */
export function withoutDirectives(value: Json): Json | undefined {
  if (isList(value)) return value.map(withoutDirectives).filter((item) => item !== undefined);
  if (!isObject(value)) return value;
  if (Object.hasOwn(value, '$patch')) return undefined;
  const members = Object.entries(value).map(
    ([key, member = null]) => [key, member === null ? undefined : withoutDirectives(member)] as const,
  );
  return Object.fromEntries(members.filter(([, member]) => member !== undefined));
}
