// Objects live in namespaces that are there; in one that is on its way out nothing new begins.
import type { Kind } from '../kinds/kind.ts';
import type { Kinds } from '../kinds/registry.ts';
import type { KubeObject } from '../object.ts';
import { forbidden, notFound } from '../status.ts';
import { readCurrent } from '../store/objects.ts';
import type { RevisionLog } from '../store/revision-log.ts';

interface World {
  readonly kinds: Kinds;
  readonly log: RevisionLog;
}

/** Where there are no namespaces among the kinds, any will do. */
export function refuseMissingNamespace({ kinds, log }: World, kind: Kind, object: KubeObject): void {
  const namespaces = kinds.find('', 'v1', 'namespaces');
  const name = object.metadata.namespace;
  if (namespaces === undefined || !kind.resource.namespaced || name === undefined) return;
  const namespace = readCurrent(log, namespaces, '', name);
  if (namespace === undefined) throw notFound(namespaces.resource, name);
  if (namespace.metadata.deletionTimestamp === undefined) return;
  const message = `namespace ${name} is being terminated`;
  throw forbidden(
    kind.resource,
    object.metadata.name ?? '',
    `unable to create new content in namespace ${name} because it is being terminated`,
    [{ reason: 'NamespaceTerminating', message, field: 'metadata.namespace' }],
  );
}
