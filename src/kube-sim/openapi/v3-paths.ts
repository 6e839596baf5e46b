// Paths and operations in version 3.
import type { JsonObject } from '../object.ts';
import type { Operation, PathItem } from './operation.ts';
import type { Parameter } from './parameters.ts';

const JSON_AND_YAML = ['application/json', 'application/yaml'];
const PROTOBUF = 'application/vnd.kubernetes.protobuf';
const STREAMS = ['application/json;stream=watch', `${PROTOBUF};stream=watch`];

export function pathsInV3(items: readonly PathItem[]): JsonObject {
  return Object.fromEntries(items.map((item) => [item.path, pathItem(item)]));
}

function pathItem({ operations, parameters }: PathItem): JsonObject {
  const byMethod = Object.fromEntries(operations.map((one) => [one.method, operation(one)]));
  return parameters.length === 0 ? byMethod : { ...byMethod, parameters: parameters.map(parameter) };
}

function operation(of: Operation): JsonObject {
  const { id, tag, description, parameters, body, answers, action, resource } = of;
  const { group = '', version = '', kind = '' } = resource ?? {};
  return {
    tags: [tag],
    description,
    operationId: id,
    ...(parameters.length > 0 && { parameters: parameters.map(parameter) }),
    ...(body && { requestBody: { content: content(body.of, consumed(of)), ...(body.required && { required: true }) } }),
    responses: responses(answers, of),
    ...(action !== undefined && {
      'x-kubernetes-action': action,
      'x-kubernetes-group-version-kind': { group, version, kind },
    }),
  };
}

function parameter({ name, in: place, type, description, required }: Parameter): JsonObject {
  return { name, in: place, description, ...(required && { required }), schema: { type, uniqueItems: true } };
}

/** Recording 011: the documents made from CRDs name the refusal of strangers, the others do not. */
function responses(answers: Operation['answers'], of: Operation): JsonObject {
  const all = answers.map(([status, name]): [string, JsonObject] => [
    String(status),
    { description: STATUS_TEXTS[status] ?? '', content: content(name, produced(of)) },
  ]);
  return Object.fromEntries(of.resource?.custom === true ? [...all, ['401', { description: 'Unauthorized' }]] : all);
}

/** Of an answer, in the words of HTTP. */
export const STATUS_TEXTS: Readonly<Record<number, string>> = { 200: 'OK', 201: 'Created', 202: 'Accepted' };

function content(name: string, types: readonly string[]): JsonObject {
  const schema = { $ref: `#/components/schemas/${name}` };
  return Object.fromEntries(types.toSorted().map((type) => [type, { schema }]));
}

/** What an operation takes. */
export function consumed({ method, resource }: Operation): readonly string[] {
  const custom = resource?.custom === true;
  if (method !== 'patch') return custom ? JSON_AND_YAML : ['*/*'];
  const strategic = custom ? [] : ['application/strategic-merge-patch+json'];
  return ['application/json-patch+json', 'application/merge-patch+json', ...strategic, 'application/apply-patch+yaml'];
}

/** What an operation gives. */
export function produced({ resource, streams, tag }: Operation): readonly string[] {
  if (tag === 'version') return ['application/json'];
  if (resource?.custom === true) return JSON_AND_YAML;
  return [...JSON_AND_YAML, PROTOBUF, ...(streams ? STREAMS : [])];
}
