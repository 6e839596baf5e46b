// PATCH: an object as it is to be, told by what changes. Which kinds of patch there are depends on the kind of the object.
import type { JsonObject, KubeObject } from '../object.ts';
import { invalid } from '../causes.ts';
import { goValue, sortedJson } from '../go-text.ts';
import { isObject, textOf } from '../shape.ts';
import { decodeJsonPatch, decodeMergePatch, decodeStrategicPatch } from '../patch/decode-patch.ts';
import { jsonPatch } from '../patch/json-patch.ts';
import { mergePatch } from '../patch/merge.ts';
import { strategicPatch } from '../patch/strategic.ts';
import { apiVersionOf } from '../resource.ts';
import { invalidStatus, notFound, StatusError } from '../status.ts';
import { readCurrent } from '../store/objects.ts';
import { checkName, withNamespace } from './agreement.ts';
import type { Api, Call, Written } from './api.ts';
import { checkAgreement, completed, decodeBody } from './read-object.ts';
import { replaceObject } from './replace-object.ts';
import { readWriteOptions } from './write-options.ts';

const JSON_PATCH = 'application/json-patch+json';
const MERGE = 'application/merge-patch+json';
const STRATEGIC = 'application/strategic-merge-patch+json';
const APPLY = 'application/apply-patch+yaml';

export function patch(api: Api, call: Call): Written {
  refuseUnknownType(call);
  const options = readWriteOptions(call.query, 'PatchOptions', call.contentType === APPLY);
  if (call.contentType === APPLY) throw refuseApply(call);
  const old = readCurrent(api.log, call.kind, call.namespace, call.name);
  const apply = readPatch(call);
  if (old === undefined) throw notFound(call.kind.resource, call.name);
  const { body: patched, strictErrors, shown } = apply(old);
  const body = withOwnType(patched, call);
  const refused = (why: string): StatusError => invalidStatus('', '', '', [invalid('patch', shown(body), why)]);
  if (call.kind.resource.custom && textOf(body['kind']) === '')
    throw refused(`Object 'Kind' is missing in '${sortedJson(body)}'`);
  if (call.kind.resource.custom && textOf(body['apiVersion']) === '') throw untyped();
  const given = completed(body, strictErrors, call, options.fieldValidation, refused);
  checkAgreement(given, call);
  checkName(given, call);
  return { object: replaceObject(api, call, withNamespace(given, call), old, options), created: false };
}

/** A kind of Kubernetes itself is what it is in the path, and a strategic patch never makes another one of it. */
function withOwnType(body: JsonObject, { contentType, kind: { resource } }: Call): JsonObject {
  if (resource.custom) return body;
  const { kind } = resource;
  if (contentType === STRATEGIC) return { ...body, kind, apiVersion: apiVersionOf(resource) };
  return textOf(body['kind']) === '' ? { ...body, kind } : body;
}

function untyped(): StatusError {
  const message = "Object 'apiVersion' is missing in 'object has no apiVersion field'";
  return new StatusError(500, 'InternalError', `Internal error occurred: ${message}`, {
    causes: [{ reason: '', message, field: '' }],
  });
}

interface Patched {
  readonly body: JsonObject;
  readonly strictErrors: readonly string[];
  /** What is told of it where it cannot be used. */
  readonly shown: (body: JsonObject) => string;
}

type Apply = (object: KubeObject) => Patched;

/** Reads the patch; what it makes of an object comes when there is one. */
function readPatch({ contentType, body: text, kind }: Call): Apply {
  if (contentType === JSON_PATCH) {
    const { patch: operations, strictErrors } = decodeJsonPatch(text);
    return (object) => ({ body: jsonPatch(object, operations), strictErrors, shown: sortedJson });
  }
  if (contentType === MERGE) {
    const { patch: merge, strictErrors } = decodeMergePatch(text);
    return (object) => ({ body: mergePatch(object, merge), strictErrors, shown: sortedJson });
  }
  const { patch: strategic, strictErrors } = decodeStrategicPatch(text);
  return (object) => ({
    body: strategicPatch(object, strategic, kind.schema),
    strictErrors,
    shown: () => goValue(strategic),
  });
}

function refuseUnknownType({ contentType, kind }: Call): void {
  const known = kind.resource.custom ? [JSON_PATCH, MERGE, APPLY] : [JSON_PATCH, MERGE, STRATEGIC, APPLY];
  if (known.includes(contentType)) return;
  throw new StatusError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${known.join(', ')}`,
  );
}

/** Refused by name: nobody shall believe that it has been applied. */
function refuseApply(call: Call): StatusError {
  const body = decodeBody({ ...call, contentType: 'application/yaml' }).value;
  const metadata = isObject(body) && isObject(body['metadata']) ? body['metadata'] : {};
  checkName({ metadata: { name: call.name, ...metadata } } as KubeObject, call);
  return new StatusError(
    415,
    'UnsupportedMediaType',
    `server-side apply (${APPLY}) is not supported by the standalone API; apply without --server-side, ` +
      `or send ${MERGE}`,
  );
}
