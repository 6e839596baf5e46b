// OpenAPI version 2: one document of everything. `kubectl apply` learns from it how lists are merged.
import { groupsOf } from '../discovery/groups.ts';
import { META } from '../kinds/definition-names.ts';
import type { JsonObject } from '../object.ts';
import type { Resource } from '../resource.ts';
import type { Operation, PathItem } from './operation.ts';
import { byName } from './parameters.ts';
import type { Parameter } from './parameters.ts';
import { pathsOf } from './paths.ts';
import { referenced } from './referenced.ts';
import { definitionsOf } from './resource-definitions.ts';
import { groupPath, GROUPS, SERVER_VERSION_PATH, versionPath } from './root-operations.ts';
import { consumed, produced, STATUS_TEXTS } from './v3-paths.ts';
import { inV2 } from './written-schema.ts';

/** Bodies that many operations share, and what the document calls them. */
const SHARED_BODIES: Readonly<Record<string, string>> = {
  [`${META}.DeleteOptions`]: 'body-2Y1dVQaQ',
  [`${META}.Patch`]: 'body-78PwaGsr',
};

export function documentInV2(resources: readonly Resource[]): JsonObject {
  const items = everyPath(resources).toSorted((one, other) => (one.path < other.path ? -1 : 1));
  const paths = Object.fromEntries(items.map((item) => [item.path, pathItem(item)]));
  const parameters = sharedParameters(items);
  const find = definitionsOf(resources, true);
  const definitions = referenced({ ...paths, ...parameters }, (name) => {
    const { definition, extensions } = find(name);
    return { ...inV2(definition), ...extensions };
  });
  return { swagger: '2.0', info: { title: 'Generic API Server', version: '1.32' }, paths, definitions, parameters };
}

function everyPath(resources: readonly Resource[]): readonly PathItem[] {
  const builtIn = groupsOf(resources).filter(({ custom }) => !custom);
  return [
    GROUPS,
    SERVER_VERSION_PATH,
    ...builtIn.filter(({ name }) => name !== '').map(({ name }) => groupPath(name)),
    ...builtIn.flatMap(({ name, versions }) => versions.map(({ version }) => versionPath(name, version))),
    ...resources.flatMap(pathsOf),
  ];
}

function pathItem({ operations, parameters }: PathItem): JsonObject {
  const byMethod = Object.fromEntries(operations.map((one) => [one.method, operation(one)]));
  return parameters.length === 0 ? byMethod : { ...byMethod, parameters: parameters.map(placed) };
}

function operation(of: Operation): JsonObject {
  const { id, tag, description, parameters, body, answers, action, resource } = of;
  const { group = '', version = '', kind = '' } = resource ?? {};
  const all = [...(body === undefined ? [] : [bodyParameter(body)]), ...parameters.map(placed)];
  return {
    description,
    consumes: resource === undefined ? produced(of) : consumed(of),
    produces: resource === undefined ? produced(of) : produced(of),
    schemes: ['https'],
    tags: [tag],
    operationId: id,
    ...(all.length > 0 && { parameters: all }),
    responses: responses(answers, resource),
    ...(action !== undefined && {
      'x-kubernetes-action': action,
      'x-kubernetes-group-version-kind': { group, version, kind },
    }),
  };
}

/** The version of the server comes as JSON only. */
function responses(answers: Operation['answers'], resource: Resource | undefined): JsonObject {
  const all = answers.map(([status, name]): [string, JsonObject] => [
    String(status),
    { description: STATUS_TEXTS[status] ?? '', schema: { $ref: `#/definitions/${name}` } },
  ]);
  return Object.fromEntries(resource?.custom === true ? [...all, ['401', { description: 'Unauthorized' }]] : all);
}

function placed(parameter: Parameter): JsonObject {
  return parameter.shared === undefined ? written(parameter) : { $ref: `#/parameters/${parameter.shared}` };
}

function written({ name, in: place, type, description, required }: Parameter): JsonObject {
  return { uniqueItems: true, type, description, name, in: place, ...(required && { required }) };
}

function bodyParameter({ of, required }: NonNullable<Operation['body']>): JsonObject {
  const shared = SHARED_BODIES[of];
  return shared === undefined ? body(of, required) : { $ref: `#/parameters/${shared}` };
}

function body(of: string, required: boolean): JsonObject {
  return { name: 'body', in: 'body', ...(required && { required }), schema: { $ref: `#/definitions/${of}` } };
}

function sharedParameters(items: readonly PathItem[]): JsonObject {
  const parameters = items.flatMap((item) => [...item.parameters, ...item.operations.flatMap((one) => one.parameters)]);
  const bodies = items.flatMap((item) => item.operations.flatMap((one) => one.body ?? []));
  const all = [
    ...parameters.flatMap((one) => (one.shared === undefined ? [] : { name: one.shared, value: written(one) })),
    ...bodies.flatMap(({ of, required }) => {
      const name = SHARED_BODIES[of];
      return name === undefined ? [] : { name, value: body(of, required) };
    }),
  ];
  return Object.fromEntries(all.toSorted(byName).map(({ name, value }) => [name, value]));
}
