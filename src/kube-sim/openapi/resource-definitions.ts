// Definitions of the kinds that are served, and of their lists.
import { definitionName, listDefinitionName, META } from '../kinds/definition-names.ts';
import type { Definition } from '../kinds/schemas/definition.ts';
import { DEFINITIONS } from '../kinds/schemas/definitions.ts';
import { TYPE_META } from '../kinds/schemas/type-meta.ts';
import type { JsonObject } from '../object.ts';
import type { Resource } from '../resource.ts';
import { inEveryGroup } from './known-groups.ts';

/** A definition with what stands at the top of it only. */
export interface NamedDefinition {
  readonly definition: Definition;
  readonly extensions: JsonObject;
}

const CONVENTIONS = 'https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md';

/** Finds definitions by name, those of Kubernetes itself and those made from CRDs. */
export function definitionsOf(resources: readonly Resource[], withCrds: boolean): (name: string) => NamedDefinition {
  const own = new Map(resources.flatMap(ofResource));
  return (name) => own.get(name) ?? builtIn(name, withCrds);
}

function builtIn(name: string, withCrds: boolean): NamedDefinition {
  const definition = DEFINITIONS[name];
  if (definition === undefined) throw new Error(`no definition of ${name}`);
  return { definition, extensions: kindsOf(name, withCrds) };
}

function kindsOf(name: string, withCrds: boolean): JsonObject {
  const kind = name.slice(name.lastIndexOf('.') + 1);
  if (['DeleteOptions', 'WatchEvent'].includes(kind)) return kinds(inEveryGroup(kind, withCrds));
  if (['Status', 'APIGroup', 'APIGroupList', 'APIResourceList'].includes(kind))
    return kinds([{ group: '', kind, version: 'v1' }]);
  return kind === 'Scale' ? kinds([{ group: 'autoscaling', kind, version: 'v1' }]) : {};
}

function kinds(of: readonly JsonObject[]): JsonObject {
  return { 'x-kubernetes-group-version-kind': of };
}

function ofResource(resource: Resource): readonly (readonly [name: string, definition: NamedDefinition])[] {
  const { group, version, kind, listKind } = resource;
  return [
    [
      definitionName(resource),
      { definition: object(resource), extensions: extensions(resource, { group, kind, version }) },
    ],
    [
      listDefinitionName(resource),
      { definition: list(resource), extensions: extensions(resource, { group, kind: listKind, version }) },
    ],
  ];
}

function extensions({ custom, selectableFields }: Resource, kind: JsonObject): JsonObject {
  const fields = selectableFields.map((fieldPath) => ({ fieldPath }));
  return { ...kinds([kind]), ...(custom && { 'x-kubernetes-selectable-fields': fields }) };
}

function object(resource: Resource): Definition {
  const { schema, custom } = resource;
  const known = DEFINITIONS[definitionName(resource)];
  if (!custom && known !== undefined) return known;
  const metadata = {
    description: `Standard object's metadata. More info: ${CONVENTIONS}#metadata`,
    $ref: `${META}.ObjectMeta`,
  };
  return {
    ...(schema as Definition),
    properties: { ...(schema.properties as Definition['properties']), ...TYPE_META, metadata },
  };
}

function list(resource: Resource): Definition {
  const { kind, listKind, plural, custom } = resource;
  const known = DEFINITIONS[listDefinitionName(resource)];
  if (known !== undefined) return known;
  const place = custom ? {} : { default: {} };
  return {
    description: `${listKind} is a list of ${kind}`,
    type: 'object',
    required: ['items'],
    properties: {
      ...TYPE_META,
      items: {
        description: `List of ${plural}. More info: ${CONVENTIONS}`,
        type: 'array',
        items: { ...place, $ref: definitionName(resource) },
      },
      metadata: {
        description: `Standard list metadata. More info: ${CONVENTIONS}#types-kinds`,
        ...place,
        $ref: `${META}.ListMeta`,
      },
    },
  };
}
