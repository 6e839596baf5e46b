// Objects that the server itself brings along.
import type { JsonObject, KubeObject } from '../object.ts';
import { NAMESPACES } from '../kinds/namespaces.ts';
import { CUSTOM_RESOURCE_DEFINITIONS } from '../kinds/custom-resource-definitions.ts';
import type { Kind } from '../kinds/kind.ts';
import { readCurrent } from '../store/objects.ts';
import type { Api, Call } from './api.ts';
import { createObject } from './create.ts';
import { completed } from './read-object.ts';
import { replaceObject } from './replace-object.ts';

const OPTIONS = { dryRun: false, fieldManager: '', fieldValidation: 'Strict' } as const;

/** Namespaces every Kubernetes has. */
export function installNamespaces(api: Api): void {
  for (const name of ['default', 'kube-system', 'kube-public', 'kube-node-lease'])
    if (readCurrent(api.log, NAMESPACES, '', name) === undefined)
      put(api, NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
}

/** A CustomResourceDefinition: made, or brought to what it is now. */
export function install(api: Api, definition: JsonObject): void {
  put(api, CUSTOM_RESOURCE_DEFINITIONS, definition);
}

function put(api: Api, kind: Kind, body: JsonObject): KubeObject {
  const call: Call = {
    kind,
    namespace: '',
    name: '',
    subresource: '',
    query: new URLSearchParams(),
    body: '',
    bytes: Buffer.of(),
    contentType: '',
    agent: api.ownManager,
    warn: () => {},
  };
  const given = completed(body, [], call, 'Strict');
  const old = readCurrent(api.log, kind, '', given.metadata.name);
  if (old === undefined) return createObject(api, call, given, OPTIONS);
  const { name, resourceVersion } = old.metadata;
  const current: KubeObject = { ...given, metadata: { ...given.metadata, resourceVersion } };
  return replaceObject(api, { ...call, name }, current, old, OPTIONS);
}
