// GET of one object.
import type { KubeObject } from '../object.ts';
import { notFound } from '../status.ts';
import { readCurrent } from '../store/objects.ts';
import type { Api, Call } from './api.ts';
import { parseRevision, refuseFuture } from './list-options.ts';

export function get(api: Api, { kind, namespace, name, query }: Call): KubeObject {
  const revision = parseRevision(query.get('resourceVersion') ?? '');
  if (revision !== undefined) refuseFuture(revision, api.log.revision);
  const object = readCurrent(api.log, kind, namespace, name);
  if (object === undefined) throw notFound(kind.resource, name);
  return object;
}
