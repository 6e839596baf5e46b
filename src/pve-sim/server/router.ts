// Finds the endpoint of a method and path, and what the path says (pve-behaviour 1.1).
import type { Endpoint } from '../routes/endpoint.ts';

export interface Match<T> {
  readonly endpoint: T;
  readonly pathParams: Readonly<Record<string, string>>;
}

export interface Routable {
  readonly method: string;
  readonly path: string;
}

export type Router<T extends Routable = Endpoint> = (
  method: string,
  segments: readonly string[],
) => Match<T> | undefined;

export function createRouter<T extends Routable>(endpoints: readonly T[]): Router<T> {
  const table = endpoints.map((endpoint) => ({ endpoint, pattern: splitPath(endpoint.path) }));
  return (method, segments) => {
    for (const { endpoint, pattern } of table) {
      if (endpoint.method !== method) continue;
      const pathParams = matchPath(pattern, segments);
      if (pathParams !== undefined) return { endpoint, pathParams };
    }
    return undefined;
  };
}

/** Empty segments are ignored. */
export function splitPath(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '');
}

function matchPath(pattern: readonly string[], segments: readonly string[]): Record<string, string> | undefined {
  const swallows = pattern.at(-1) === '{volume}';
  if (swallows ? segments.length < pattern.length : segments.length !== pattern.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index] ?? '';
    if (part === '{volume}') params['volume'] = segments.slice(index).join('/');
    // A blank is in no variable of a path (recording one-node/21).
    else if (part.startsWith('{') && !/\s/.test(segment)) params[part.slice(1, -1)] = segment;
    else if (part !== segment) return undefined;
  }
  return params;
}
