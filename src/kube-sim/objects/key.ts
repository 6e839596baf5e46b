// The key of an object within its resource, as etcd has it: in the order of these keys lists are told.
import type { KeyRange } from '../store/revision-log.ts';

export function keyOf(namespace: string, name: string): string {
  return namespace === '' ? name : `${namespace}/${name}`;
}

export function splitKey(key: string, namespaced: boolean): { readonly namespace: string; readonly name: string } {
  const slash = namespaced ? key.indexOf('/') : -1;
  return { namespace: key.slice(0, Math.max(slash, 0)), name: key.slice(slash + 1) };
}

/** All keys of a namespace, or of all of them, after `after` where that is given. */
export function rangeOf(namespace: string, after?: string): KeyRange {
  // '0' comes next after '/'.
  const whole = namespace === '' ? { from: '', to: '\u{10ffff}' } : { from: `${namespace}/`, to: `${namespace}0` };
  return after === undefined || after < whole.from ? whole : { from: `${after}\u0000`, to: whole.to };
}
