// Bodies in protobuf: read into the JSON that they stand for.
import { BinaryReader, type WireType } from '@bufbuild/protobuf/wire';
import type { Json, JsonObject } from '../object.ts';
import { defineMember } from '../own.ts';
import { DELETE_OPTIONS, type FieldType, type Message, MESSAGES } from './protobuf-messages.ts';

/** What every message of Kubernetes begins with, before the envelope that says what it is. */
const MAGIC = 'k8s\0';

/** The bytes are no message of Kubernetes, or one of a kind that is not known. */
export class ProtobufError extends Error {
  override readonly name = 'ProtobufError';
}

/** Throws ProtobufError. */
export function decodeProtobuf(bytes: Uint8Array): JsonObject {
  if (Buffer.from(bytes.subarray(0, MAGIC.length)).toString('latin1') !== MAGIC)
    throw new ProtobufError('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]');
  try {
    return decodeEnvelope(bytes.subarray(MAGIC.length));
  } catch (error) {
    if (error instanceof ProtobufError) throw error;
    throw new ProtobufError(`proto: ${(error as Error).message}`);
  }
}

function decodeEnvelope(bytes: Uint8Array): JsonObject {
  let type: JsonObject = {};
  let raw: Uint8Array = new Uint8Array();
  for (const [number, reader, wireType] of fieldsOf(bytes)) {
    if (number === 1) type = decodeMessage(reader.bytes(), { 1: ['apiVersion', 'text'], 2: ['kind', 'text'] });
    else if (number === 2) raw = reader.bytes();
    else reader.skip(wireType);
  }
  const { apiVersion = '', kind = '' } = type as { apiVersion?: string; kind?: string };
  const message = kind === 'DeleteOptions' ? DELETE_OPTIONS : MESSAGES[`${apiVersion}/${kind}`];
  if (message === undefined)
    throw new ProtobufError(`no kind "${kind}" is known for version "${apiVersion}" in protobuf`);
  return { apiVersion, kind, ...decodeMessage(raw, message) };
}

function decodeMessage(bytes: Uint8Array, message: Message): JsonObject {
  const found: Record<string, Json> = {};
  for (const [number, reader, wireType] of fieldsOf(bytes)) {
    const [name, type] = message[number] ?? [];
    if (name === undefined || type === undefined) reader.skip(wireType);
    else readField(found, name, type, reader);
  }
  return found;
}

function readField(found: Record<string, Json>, name: string, type: FieldType, reader: BinaryReader): void {
  if (typeof type === 'object' && 'list' in type) {
    const item = type.list === 'text' ? reader.string() : decodeMessage(reader.bytes(), type.list);
    found[name] = [...((found[name] ?? []) as readonly Json[]), item];
  } else if (typeof type === 'object' && 'map' in type) {
    const entry = decodeMessage(reader.bytes(), {
      1: ['key', 'text?'],
      2: ['value', type.map === 'text' ? 'text?' : 'bytes'],
    });
    const map = { ...(found[name] as JsonObject | undefined) };
    const { key = '', value = '' } = entry as { readonly key?: string; readonly value?: Json };
    defineMember<Json | undefined>(map, key, value);
    found[name] = map;
  } else {
    const value = readValue(type, reader);
    if (value !== undefined) found[name] = value;
  }
}

/** Undefined: Go writes it although there is nothing in it. */
function readValue(
  type: Exclude<FieldType, { readonly list: unknown } | { readonly map: unknown }>,
  reader: BinaryReader,
): Json | undefined {
  switch (type) {
    case 'text':
      return reader.string() || undefined;
    case 'text?':
      return reader.string();
    case 'bytes':
      return Buffer.from(reader.bytes()).toString('base64');
    case 'int':
      return Number(reader.int64()) || undefined;
    case 'int?':
      return Number(reader.int64());
    case 'bool?':
      return reader.bool();
    case 'time':
      return readTime(reader.bytes(), 0);
    case 'micro-time':
      return readTime(reader.bytes(), 6);
    case 'json':
      return readJson(reader.bytes());
    default:
      return decodeMessage(reader.bytes(), type.message);
  }
}

/** Zero is no time. */
function readTime(bytes: Uint8Array, digits: number): string | undefined {
  const { seconds = 0, nanos = 0 } = decodeMessage(bytes, { 1: ['seconds', 'int'], 2: ['nanos', 'int'] }) as {
    readonly seconds?: number;
    readonly nanos?: number;
  };
  if (bytes.length === 0) return undefined;
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
  const fraction = digits === 0 ? '' : `.${String(nanos).padStart(9, '0').slice(0, digits)}`;
  return `${whole}${fraction}Z`;
}

function readJson(bytes: Uint8Array): Json {
  const { raw = '' } = decodeMessage(bytes, { 1: ['raw', 'bytes'] }) as { readonly raw?: string };
  return JSON.parse(Buffer.from(raw, 'base64').toString()) as Json;
}

function* fieldsOf(bytes: Uint8Array): Generator<[number: number, reader: BinaryReader, wireType: WireType]> {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    yield [number, reader, wireType];
  }
}
