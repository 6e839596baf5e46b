// PUT: an object as it is to be, whole.
import { notFound } from '../status.ts';
import { readCurrent } from '../store/objects.ts';
import { checkName, withNamespace } from './agreement.ts';
import type { Api, Call, Written } from './api.ts';
import { readObject } from './read-object.ts';
import { replaceObject } from './replace-object.ts';
import { readWriteOptions } from './write-options.ts';

export function update(api: Api, call: Call): Written {
  const options = readWriteOptions(call.query, 'UpdateOptions');
  const given = withNamespace(readObject(call, options.fieldValidation), call);
  checkName(given, call);
  const old = readCurrent(api.log, call.kind, call.namespace, call.name);
  if (old === undefined) throw notFound(call.kind.resource, call.name);
  return { object: replaceObject(api, call, given, old, options), created: false };
}
