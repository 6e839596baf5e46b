// Writes of the server's own, under its own name.
import { withManagedFields } from '../fields/managed-fields.ts';
import type { Kind } from '../kinds/kind.ts';
import type { KubeObject } from '../object.ts';
import { apiVersionOf } from '../resource.ts';
import { writeObject } from '../store/objects.ts';
import { type Api, timeOf } from './api.ts';

export function ownWrite(
  api: Api,
  kind: Kind,
  object: KubeObject,
  before: KubeObject,
  subresource?: 'status',
): KubeObject {
  const owned = withManagedFields({
    before,
    after: object,
    manager: api.ownManager,
    ...(subresource === undefined ? {} : { subresource }),
    time: timeOf(api.clock),
    schema: kind.schema,
    apiVersion: apiVersionOf(kind.resource),
  });
  return writeObject(api.log, kind, owned);
}
