import { definitionName, META } from '../kinds/definition-names.ts';
import type { Resource } from '../resource.ts';
import { DELETE, naming, WRITE } from './operation.ts';
import type { Operation } from './operation.ts';
import { withArticle } from './operation-names.ts';
import { parameters } from './parameters.ts';

const STATUS = `${META}.Status`;

/** What can be done with one object. */
export function ofOne(resource: Resource): readonly Operation[] {
  const { kind } = resource;
  const { id, one } = naming(resource);
  const [get, put, patch] = ofContent(resource, definitionName(resource), '', `the specified ${kind}`);
  const remove: Operation = {
    ...one('delete', 'delete', `delete ${withArticle(kind)}`, id('delete')),
    parameters: parameters(...DELETE),
    body: { of: `${META}.DeleteOptions`, required: false },
    answers: [
      [200, STATUS],
      [202, STATUS],
    ],
  };
  return [get, put, remove, patch];
}

/** `status` and `scale` are read and written. */
export function ofSubresource(resource: Resource, name: string): readonly Operation[] {
  const of = name === 'scale' ? 'io.k8s.api.autoscaling.v1.Scale' : definitionName(resource);
  const suffix = name === 'scale' ? 'Scale' : 'Status';
  return ofContent(resource, of, suffix, `${name} of the specified ${resource.kind}`);
}

/** Reading and writing one thing. */
function ofContent(
  resource: Resource,
  of: string,
  suffix: string,
  what: string,
): readonly [get: Operation, put: Operation, patch: Operation] {
  const { id, one } = naming(resource);
  const { custom } = resource;
  return [
    {
      ...one('get', 'get', `read ${what}`, id('read') + suffix),
      parameters: custom ? parameters('resourceVersion') : [],
      answers: [[200, of]],
    },
    {
      ...one('put', 'put', `replace ${what}`, id('replace') + suffix),
      parameters: parameters(...WRITE),
      body: { of, required: true },
      answers: [200, 201].map((status) => [status, of] as const),
    },
    {
      ...one('patch', 'patch', `partially update ${what}`, id('patch') + suffix),
      parameters: parameters('dryRun', 'patchFieldManager', 'fieldValidation', 'force'),
      body: { of: `${META}.Patch`, required: true },
      answers: (custom ? [200] : [200, 201]).map((status) => [status, of] as const),
    },
  ];
}
