import { META } from '../kinds/definition-names.ts';
import type { Resource } from '../resource.ts';
import { LIST, naming } from './operation.ts';
import type { Operation, PathItem } from './operation.ts';
import { byName, nameParameter, parameters } from './parameters.ts';
import type { Parameter } from './parameters.ts';

const DEPRECATED = "deprecated: use the 'watch' parameter with a list operation instead";

/** The old way to watch, by paths of their own: told for built-in kinds, and not served. */
export function watches(resource: Resource, root: string, scope: string): readonly PathItem[] {
  const { plural, kind, namespaced } = resource;
  const { id, one } = naming(resource);
  const options = parameters(...LIST, 'pretty');
  const here = namespaced ? parameters(...LIST, 'namespace', 'pretty') : options;
  const answers: Operation['answers'] = [[200, `${META}.WatchEvent`]];
  const list = `watch individual changes to a list of ${kind}. ${DEPRECATED}.`;
  const single = `watch changes to an object of kind ${kind}. ${DEPRECATED}, filtered to a single item with the 'fieldSelector' parameter.`;
  const item = (path: string, action: string, text: string, name: string, all: readonly Parameter[]): PathItem => ({
    path: `${root}/watch${path}`,
    operations: [{ ...one('get', action, text, name), parameters: [], answers, streams: true }],
    parameters: all,
  });
  return [
    ...(namespaced ? [item(`/${plural}`, 'watchlist', list, `${id('watch', '')}ListForAllNamespaces`, options)] : []),
    item(`${scope}/${plural}`, 'watchlist', list, `${id('watch')}List`, here),
    item(`${scope}/${plural}/{name}`, 'watch', single, id('watch'), withName(here, kind)),
  ];
}

function withName(of: readonly Parameter[], kind: string): readonly Parameter[] {
  return [...of, nameParameter(kind)].toSorted(byName);
}
