// An answer in the form that was negotiated.
import type { JsonObject, KubeObject } from '../object.ts';
import type { Resource } from '../resource.ts';
import { apiVersionOf } from '../resource.ts';
import { StatusError } from '../status.ts';
import type { Negotiated } from './negotiate.ts';
import { listMeta, partialObjectMetadata, partialObjectMetadataList } from './partial-object-metadata.ts';
import type { ListMeta } from './partial-object-metadata.ts';
import { tableOf } from './table.ts';
import type { IncludeObject } from './table.ts';

export interface Representation {
  readonly how: Negotiated;
  readonly resource: Resource;
  readonly includeObject: IncludeObject;
  /** In milliseconds. */
  readonly now: number;
}

/** One object, also that of a watch event: columns are told with the first event only. */
export function representObject(object: KubeObject, to: Representation, withColumns = true): JsonObject {
  const { how, resource, includeObject, now } = to;
  const { resourceVersion } = object.metadata;
  if (how.kind === 'object') return object;
  if (how.kind === 'partial') return partialObjectMetadata(object, how.version);
  if (how.kind === 'partial-list') throw notAList(resource);
  return tableOf([object], resource, { resourceVersion, includeObject, now, version: how.version, withColumns });
}

export function representList(objects: readonly KubeObject[], metadata: ListMeta, to: Representation): JsonObject {
  const { how, resource, includeObject, now } = to;
  if (how.kind === 'table')
    return tableOf(objects, resource, { ...metadata, includeObject, now, version: how.version });
  if (how.kind === 'partial-list') return partialObjectMetadataList(objects, metadata, how.version);
  if (how.kind === 'partial') throw isAList(resource);
  return plainList(objects, metadata, resource);
}

/** Built-in kinds say what they are once, not with every item (recording 002); custom ones always have `continue` (019). */
function plainList(objects: readonly KubeObject[], metadata: ListMeta, resource: Resource): JsonObject {
  const { listKind: kind, custom } = resource;
  const apiVersion = apiVersionOf(resource);
  if (custom) return { apiVersion, items: objects, kind, metadata: { continue: '', ...listMeta(metadata) } };
  return { kind, apiVersion, metadata: listMeta(metadata), items: objects.map(withoutType) };
}

function withoutType(object: KubeObject): JsonObject {
  const { apiVersion: _, kind: __, ...rest } = object;
  return rest;
}

/** Recording 151. */
function isAList({ custom, listKind }: Resource): StatusError {
  const type = custom ? '*unstructured.UnstructuredList' : `*v1.${listKind}`;
  const message = `you requested PartialObjectMetadata, but the requested object is a list (${type})`;
  return new StatusError(406, 'NotAcceptable', message);
}

/** Recording 151: a custom resource could be a list as far as the server knows, until it looks inside. */
function notAList({ custom, kind }: Resource): StatusError {
  if (custom) return new StatusError(500, '', 'content is not a list');
  const message = `you requested PartialObjectMetadataList, but the requested object is not a list (*v1.${kind})`;
  return new StatusError(406, 'NotAcceptable', message);
}
