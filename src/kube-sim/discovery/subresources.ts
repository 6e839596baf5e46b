import type { Resource, Verb } from '../resource.ts';

export interface Subresource {
  readonly name: string;
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** What can be done with a subresource. */
export const SUBRESOURCE_VERBS: readonly Verb[] = ['get', 'patch', 'update'];

/** `status`, then `scale`. */
export function subresourcesOf({ group, version, kind, hasStatus, hasScale }: Resource): readonly Subresource[] {
  const status = { name: 'status', group, version, kind };
  const scale = { name: 'scale', group: 'autoscaling', version: 'v1', kind: 'Scale' };
  return [...(hasStatus ? [status] : []), ...(hasScale === true ? [scale] : [])];
}
