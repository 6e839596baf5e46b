import type { Visit } from './controller.ts';

/** What several phases of a visit ask for is found out once. */
export function oncePerVisit<T>(find: (visit: Visit) => T): (visit: Visit) => T {
  const found = new WeakMap<Visit, { readonly value: T }>();
  return (visit) => {
    const known = found.get(visit) ?? { value: find(visit) };
    found.set(visit, known);
    return known.value;
  };
}
