// What can be done with a resource, as both versions of OpenAPI tell it.
import type { Resource } from '../resource.ts';
import { groupInName, tagOf } from './operation-names.ts';
import type { Parameter, ParameterName } from './parameters.ts';

export interface Operation {
  readonly method: 'get' | 'put' | 'post' | 'delete' | 'patch';
  readonly id: string;
  readonly tag: string;
  readonly description: string;
  readonly parameters: readonly Parameter[];
  /** The definition of what is sent; a delete may go without. */
  readonly body?: { readonly of: string; readonly required: boolean };
  /** The definition of what is answered, by status; `none`: without a body. */
  readonly answers: readonly (readonly [status: number, of: string])[];
  readonly action?: string;
  readonly resource?: Resource;
  readonly streams?: true;
}

export interface PathItem {
  readonly path: string;
  readonly operations: readonly Operation[];
  readonly parameters: readonly Parameter[];
}

/** What lists and watches can be asked for. */
export const LIST: readonly ParameterName[] = [
  'allowWatchBookmarks',
  'continue',
  'fieldSelector',
  'labelSelector',
  'limit',
  'resourceVersion',
  'resourceVersionMatch',
  'sendInitialEvents',
  'timeoutSeconds',
  'watch',
];

/** What every write can be asked for. */
export const WRITE: readonly ParameterName[] = ['dryRun', 'fieldManager', 'fieldValidation'];

/** What a delete can be asked for. */
export const DELETE: readonly ParameterName[] = [
  'dryRun',
  'gracePeriodSeconds',
  'ignoreStoreReadErrorWithClusterBreakingPotential',
  'orphanDependents',
  'propagationPolicy',
];

export interface Naming {
  /** `list`, for one namespace: `listExampleTestV1NamespacedMachine`. */
  readonly id: (verb: string, infix?: string) => string;
  readonly one: (
    method: Operation['method'],
    action: string,
    description: string,
    id: string,
  ) => Omit<Operation, 'parameters' | 'answers'>;
}

export function naming(resource: Resource): Naming {
  const { group, version, kind, namespaced } = resource;
  const scoped = namespaced ? 'Namespaced' : '';
  return {
    id: (verb, infix) => `${verb}${groupInName(group, version)}${infixed(infix, scoped)}${kind}`,
    one: (method, action, description, id) => ({
      method,
      id,
      tag: tagOf(group, version),
      description,
      action,
      resource,
    }),
  };
}

/** `''` is for all namespaces, another infix comes before the scope. */
function infixed(infix: string | undefined, scoped: string): string {
  return infix === '' ? '' : `${infix ?? ''}${scoped}`;
}
