import { definitionName, listDefinitionName, META } from '../kinds/definition-names.ts';
import type { Resource } from '../resource.ts';
import { DELETE, LIST, naming, WRITE } from './operation.ts';
import type { Operation } from './operation.ts';
import { withArticle } from './operation-names.ts';
import { parameters } from './parameters.ts';
import type { Parameter, ParameterName } from './parameters.ts';

/** Listing, creating, deleting all. */
export function ofCollection(resource: Resource): readonly Operation[] {
  const { kind, custom } = resource;
  const { id, one } = naming(resource);
  const create: Operation = {
    ...one('post', 'create', `create ${withArticle(kind)}`, id('create')),
    parameters: parameters(...WRITE),
    body: { of: definitionName(resource), required: true },
    answers: [200, 201, 202].map((status) => [status, definitionName(resource)] as const),
  };
  const remove: Operation = {
    ...one('delete', 'deletecollection', `delete collection of ${kind}`, id('delete', 'Collection')),
    parameters: custom ? parameters(...LIST) : parameters(...LIST.filter(isOfDelete), ...DELETE),
    ...(!custom && { body: { of: `${META}.DeleteOptions`, required: false } }),
    answers: [[200, `${META}.Status`]],
  };
  const all = [listing(resource, id('list'), parameters(...LIST)), { ...create, action: 'post' }, remove];
  return all.filter(({ action }) => action !== 'deletecollection' || resource.verbs.includes('deletecollection'));
}

/** A collection is deleted at once: there is nothing to watch. */
function isOfDelete(name: ParameterName): boolean {
  return name !== 'allowWatchBookmarks' && name !== 'watch';
}

/** Of one namespace or of all. */
export function listing(resource: Resource, id: string, of: readonly Parameter[]): Operation {
  const { kind, custom } = resource;
  const { one } = naming(resource);
  return {
    ...one('get', 'list', `${custom ? 'list' : 'list or watch'} objects of kind ${kind}`, id),
    parameters: of,
    answers: [[200, listDefinitionName(resource)]],
    ...(!custom && { streams: true }),
  };
}
