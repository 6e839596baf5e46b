// The object in a body: which kind it is of, whether the request and it agree, and what in it is unknown or said twice.
import { invalid } from '../causes.ts';
import type { Decoded } from '../decode/json.ts';
import { decodeJson, JsonSyntaxError } from '../decode/json.ts';
import { decodeProtobuf, ProtobufError } from '../decode/protobuf.ts';
import { goTypeFault } from '../decode/go-types.ts';
import { decodeYaml } from '../decode/yaml.ts';
import type { Json, JsonObject, KubeObject } from '../object.ts';
import { isObject, textOf } from '../shape.ts';
import { goType, metadataFault, tidyMetadata, withSingleOwners } from '../objects/read-metadata.ts';
import { apiVersionOf } from '../resource.ts';
import { prune } from '../schema/prune.ts';
import { badRequest, type Cause, invalidStatus, StatusError } from '../status.ts';
import type { Call } from './api.ts';
import type { FieldValidation } from './write-options.ts';

/** Of the object as it is to be: pruned, metadata with its own types. Names and namespaces agree with the request. */
export function readObject(call: Call, fieldValidation: FieldValidation): KubeObject {
  const decoded = decodeBody(call);
  const { resource } = call.kind;
  const body = typedBody(decoded.value, call);
  if (body['apiVersion'] !== apiVersionOf(resource)) refuseVersion(body, call, fieldValidation);
  const object = completed(body, decoded.strictErrors, call, fieldValidation);
  checkAgreement(object, call);
  return object;
}

/**
 * Types of the metadata, unknown fields by the schema.
 * @param patched what is said of an object that a patch has made and that cannot be used
 */
export function completed(
  body: JsonObject,
  strictErrors: readonly string[],
  call: Call,
  fieldValidation: FieldValidation,
  patched?: (why: string) => StatusError,
): KubeObject {
  const cannot = patched ?? ((why: string): StatusError => unusable(call, why));
  const when = patched === undefined ? '' : ' after mutating admission happens';
  const { kind, custom } = call.kind.resource;
  const fault = custom ? metadataFault(body['metadata']) : goTypeFault(body, call.kind.schema, kind);
  if (fault !== undefined) throw cannot(fault);
  const { value, unknown } = prune(body, call.kind.schema);
  const faults = [...strictErrors, ...ordered(unknown).map((path) => `unknown field ${JSON.stringify(path)}`)];
  if (faults.length > 0 && fieldValidation === 'Strict') throw cannot(`strict decoding error: ${faults.join(', ')}`);
  if (fieldValidation === 'Warn') for (const text of faults) call.warn(text);
  const metadata = isObject(body['metadata']) ? (value as JsonObject)['metadata'] : {};
  const tidy = tidyMetadata(metadata as JsonObject) as KubeObject['metadata'];
  return { ...(value as KubeObject), metadata: withSingleOwners(tidy, when, call.warn) };
}

function unusable({ kind: { resource } }: Call, why: string): StatusError {
  const { kind, version } = resource;
  return badRequest(`${kind} in version ${JSON.stringify(version)} cannot be handled as a ${kind}: ${why}`);
}

/** Those of the metadata come first (recording 163). */
function ordered(paths: readonly string[]): readonly string[] {
  const isMeta = (path: string): boolean => path.startsWith('metadata.');
  return [...paths.filter(isMeta), ...paths.filter((path) => !isMeta(path))];
}

/** Throws what a real server says of a body it cannot read: `refused` of why. */
export function decodeBody(call: Call, refused = (why: string): StatusError => unrecognised(call, why)): Decoded {
  const { contentType, body } = call;
  // Custom kinds have no form in protobuf.
  if (contentType === PROTOBUF && !call.kind.resource.custom) return fromProtobuf(call, refused);
  if (contentType !== '' && contentType !== 'application/json' && contentType !== 'application/yaml')
    throw new StatusError(
      415,
      'UnsupportedMediaType',
      'the body of the request was in an unknown format - accepted media types include: ' +
        'application/json, application/yaml, application/vnd.kubernetes.protobuf',
    );
  try {
    return contentType === 'application/yaml' ? decodeYaml(body) : decodeJson(body);
  } catch (error) {
    const why = `couldn't get version/kind; json parse error: ${(error as Error).message}`;
    throw refused(error instanceof JsonSyntaxError ? why : (error as Error).message);
  }
}

const PROTOBUF = 'application/vnd.kubernetes.protobuf';

function fromProtobuf({ bytes }: Call, refused: (why: string) => StatusError): Decoded {
  try {
    return { value: decodeProtobuf(bytes), duplicates: [], strictErrors: [] };
  } catch (error) {
    if (!(error instanceof ProtobufError)) throw error;
    throw refused(error.message);
  }
}

const SHOWN_BYTES = 30;

function unrecognised({ kind, body }: Call, why: string): StatusError {
  return badRequest(
    `the object provided is unrecognized (must be of type ${kind.resource.kind}): ${why} (${start(body)})`,
  );
}

/** Text is shown as it is, cut; what does not begin like an object in hexadecimal (recording 156). */
function start(body: string): string {
  if (body === '') return '<empty>';
  const bytes = Buffer.from(body);
  const shown = bytes.subarray(0, SHOWN_BYTES).toString(body.startsWith('{') ? 'utf8' : 'hex');
  return bytes.length <= SHOWN_BYTES ? shown : `${shown} ...`;
}

/** Go's name of what a body is read as first. */
export const TYPE_META =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

/** An object whose `kind` is there. */
function typedBody(value: Json, call: Call): JsonObject {
  if (!isObject(value)) {
    const why = `json: cannot unmarshal ${goType(value)} into Go value of type ${TYPE_META}`;
    throw unrecognised(
      call,
      value === null ? missingKind(call) : `couldn't get version/kind; json parse error: ${why}`,
    );
  }
  for (const name of ['apiVersion', 'kind'] as const) {
    const given = value[name];
    if (given === undefined || given === null || typeof given === 'string') continue;
    const why = `json: cannot unmarshal ${goType(given)} into Go struct field .${name} of type string`;
    throw unrecognised(call, `couldn't get version/kind; json parse error: ${why}`);
  }
  if (typeof value['kind'] !== 'string' || value['kind'] === '') return withoutKind(value, call);
  return value;
}

/** A kind of Kubernetes itself is told by the path; a custom one has to say what it is. */
function withoutKind(value: JsonObject, call: Call): JsonObject {
  const { resource } = call.kind;
  if (resource.custom) throw unrecognised(call, missingKind(call));
  return { ...value, kind: resource.kind, apiVersion: value['apiVersion'] || apiVersionOf(resource) };
}

function missingKind({ body }: Call): string {
  return `Object 'Kind' is missing in '${body}'`;
}

function refuseVersion(body: JsonObject, call: Call, fieldValidation: FieldValidation): void {
  const { resource, schema } = call.kind;
  const wanted = apiVersionOf(resource);
  const given = textOf(body['apiVersion']);
  if (!resource.custom && given === '') return;
  if (resource.custom && fieldValidation === 'Warn' && given.startsWith(`${resource.group}/`))
    for (const name of Object.keys(body))
      if (schema.properties?.[name] !== undefined && !isTypeOrMeta(name))
        call.warn(`unknown field ${JSON.stringify(name)}`);
  throw badRequest(`the API version in the data (${given}) does not match the expected API version (${wanted})`);
}

function isTypeOrMeta(name: string): boolean {
  return name === 'apiVersion' || name === 'kind' || name === 'metadata';
}

/** It is of the kind that the request is about; a patch could make another one of it. */
export function checkAgreement({ kind, apiVersion, metadata }: KubeObject, { kind: { resource } }: Call): void {
  const wanted = apiVersionOf(resource);
  const causes: Cause[] = [
    ...(kind === resource.kind ? [] : [invalid('kind', textOf(kind), `must be ${resource.kind}`)]),
    ...(apiVersion === wanted || (!resource.custom && textOf(apiVersion) === '')
      ? []
      : [invalid('apiVersion', textOf(apiVersion), `must be ${wanted}`)]),
  ];
  if (causes.length > 0) throw invalidStatus(textOf(kind), resource.group, metadata.name ?? '', causes);
}
