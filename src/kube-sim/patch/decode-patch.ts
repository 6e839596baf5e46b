// The body of a PATCH, before it is applied.
import { decodeJson, type Decoded, JsonSyntaxError } from '../decode/json.ts';
import { quoted } from '../go-text.ts';
import type { Json, JsonObject } from '../object.ts';
import { isList, isObject } from '../shape.ts';
import { StatusError } from '../status.ts';

export interface JsonPatchOperation {
  readonly op?: string;
  readonly path?: string;
  readonly from?: string;
  readonly value?: Json;
}

export interface DecodedPatch<Patch> {
  readonly patch: Patch;
  /** What a strict server refuses for, and another one warns of. */
  readonly strictErrors: readonly string[];
}

/** Of a JSON merge patch. Throws StatusError (400). */
export function decodeMergePatch(text: string): DecodedPatch<JsonObject> {
  return objectPatch(text, 'error decoding patch: ');
}

/** Of a strategic merge patch, whose errors are told without an introduction. */
export function decodeStrategicPatch(text: string): DecodedPatch<JsonObject> {
  return objectPatch(text, '');
}

/** Of a JSON patch. */
export function decodeJsonPatch(text: string): DecodedPatch<readonly JsonPatchOperation[]> {
  const { value: given, strictErrors } = decoded(text, 'error decoding patch: ');
  const value = given ?? [];
  if (!isList(value)) throw cannot(value, 'value of type []handlers.jsonPatchOp');
  const patch = value.map(operation);
  return { patch, strictErrors: [...strictErrors, ...unknownMembers(value)].map((error) => `json patch ${error}`) };
}

function objectPatch(text: string, introduction: string): DecodedPatch<JsonObject> {
  const { value, strictErrors } = decoded(text, introduction);
  if (isObject(value)) return { patch: value, strictErrors };
  if (value === null && introduction === '') return { patch: {}, strictErrors };
  if (value === null) throw badRequest('Invalid JSON Patch');
  throw badRequest(
    `${introduction}json: cannot unmarshal ${kindOf(value)} into Go value of type map[string]interface {}`,
  );
}

function decoded(text: string, introduction: string): Decoded {
  try {
    return decodeJson(text);
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw badRequest(`${introduction}${error.message}`);
    throw error;
  }
}

function operation(value: Json): JsonPatchOperation {
  if (!isObject(value)) throw cannot(value, 'value of type handlers.jsonPatchOp');
  for (const member of ['op', 'path', 'from'] as const)
    if (typeof (value[member] ?? '') !== 'string')
      throw cannot(value[member] ?? null, `struct field jsonPatchOp.${member} of type string`);
  return value;
}

const MEMBERS = new Set(['op', 'path', 'from', 'value']);

function unknownMembers(operations: readonly Json[]): string[] {
  return operations.flatMap((operation, index) =>
    Object.keys(operation as JsonObject)
      .filter((member) => !MEMBERS.has(member))
      .map((member) => `unknown field ${quoted(`[${index}].${member}`)}`),
  );
}

function cannot(value: Json, target: string): StatusError {
  return badRequest(`error decoding patch: json: cannot unmarshal ${kindOf(value)} into Go ${target}`);
}

function kindOf(value: Json): string {
  if (isList(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  return typeof value;
}

function badRequest(message: string): StatusError {
  return new StatusError(400, 'BadRequest', message);
}
