// From a path to what it names.
import type { Kind } from '../kinds/kind.ts';
import type { Kinds } from '../kinds/registry.ts';

export interface ResourceRoute {
  readonly what: 'resource';
  readonly kind: Kind;
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
}

/** `nothing` is a path below a group or a version that has nothing there. */
export type Route = ResourceRoute | { readonly what: 'document' } | { readonly what: 'nothing' };

/** @param path decoded, without the query */
export function routeOf(path: string, method: string, kinds: Kinds): Route {
  const segments = path.split('/').slice(1);
  if (segments.at(-1) === '' && segments.length > 1) segments.pop();
  const [root, ...rest] = segments;
  const isCore = root === 'api';
  const [group = '', version, ...below] = isCore ? ['', ...rest] : rest;
  if ((!isCore && root !== 'apis') || version === undefined || below.length === 0) return { what: 'document' };
  if (isCore && !kinds.resources().some((resource) => resource.group === '')) return { what: 'document' };
  return resourceRoute(group, version, below, method, kinds) ?? { what: 'nothing' };
}

function resourceRoute(
  group: string,
  version: string,
  segments: readonly string[],
  method: string,
  kinds: Kinds,
): ResourceRoute | undefined {
  const isWithin = segments[0] === 'namespaces' && segments.length > 2 && !isNamespaceItself(group, segments);
  const namespace = isWithin ? (segments[1] ?? '') : '';
  const [plural = '', name = '', subresource = '', ...tooMany] = isWithin ? segments.slice(2) : segments;
  const kind = kinds.find(group, version, plural);
  if (kind === undefined || tooMany.length > 0 || !mayHave(kind, subresource)) return undefined;
  const isAcross = namespace === '' && kind.resource.namespaced;
  // All namespaces at once can be read, not written (recordings 153, 154).
  if (isAcross && (name !== '' || !isRead(method))) return undefined;
  if (namespace !== '' && !kind.resource.namespaced) return undefined;
  return { what: 'resource', kind, namespace, name, subresource };
}

/** What a custom kind does not have is told by who answers; of Kubernetes' own kinds there is no such path. */
function mayHave({ resource }: Kind, subresource: string): boolean {
  if (resource.custom || subresource === '') return true;
  return subresource === 'status' ? resource.hasStatus : subresource === 'finalize' && resource.plural === 'namespaces';
}

/** `namespaces/NAME/status`: of the namespace, no resource within it. */
function isNamespaceItself(group: string, segments: readonly string[]): boolean {
  return group === '' && segments.length === 3 && (segments[2] === 'status' || segments[2] === 'finalize');
}

function isRead(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}
