// The document in version 2 as protobuf, in which kubectl asks for it: message `openapi.v2.Document` of gnostic. The messages
// follow the JSON member by member, so that a table of field numbers is all there is to it; generated code would be some
// thousand lines for the same.
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import type { Json, JsonObject } from '../object.ts';
import { isObject } from '../shape.ts';

/** Writes a value as field `number`. */
type Field = (to: BinaryWriter, number: number, value: Json) => void;
/** The fields of a message by the members they hold. */
type Message = Readonly<Record<string, readonly [number: number, field: Field]>>;

const LENGTH_DELIMITED = 2;

export function documentAsProtobuf(document: JsonObject): Uint8Array {
  const writer = new BinaryWriter();
  writeMessage(writer, document, DOCUMENT);
  return writer.finish();
}

function writeMessage(to: BinaryWriter, value: JsonObject, message: Message, extensions?: number): void {
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined) continue;
    const known = Object.hasOwn(message, key) ? message[key] : undefined;
    if (known !== undefined) known[1](to, known[0], member);
    else if (key.startsWith('x-') && extensions !== undefined) named(anything)(to, extensions, { [key]: member });
  }
}

const text: Field = (to, number, value) => {
  to.uint32((number << 3) | LENGTH_DELIMITED).string(typeof value === 'string' ? value : '');
};

const truth: Field = (to, number, value) => {
  to.uint32(number << 3).bool(value === true);
};

const whole: Field = (to, number, value) => {
  to.uint32(number << 3).int64(Number(value));
};

const double: Field = (to, number, value) => {
  to.uint32((number << 3) | 1).double(Number(value));
};

/** `Any`, whose text is YAML: JSON is. */
const anything: Field = (to, number, value) => {
  nested(to, number, () => text(to, 2, JSON.stringify(value)));
};

function nested(to: BinaryWriter, number: number, write: () => void): void {
  to.uint32((number << 3) | LENGTH_DELIMITED).fork();
  write();
  to.join();
}

function message(fields: () => Message, extensions?: number): Field {
  return (to, number, value) => nested(to, number, () => writeMessage(to, value as JsonObject, fields(), extensions));
}

function each(field: Field): Field {
  return (to, number, value) => {
    for (const one of Array.isArray(value) ? (value as readonly Json[]) : [value]) field(to, number, one);
  };
}

/** A map is a list of pairs of name and value. */
function named(field: Field): Field {
  return (to, number, value) => {
    for (const [name, one] of Object.entries(value as JsonObject))
      nested(to, number, () => {
        text(to, 1, name);
        field(to, 2, one ?? null);
      });
  };
}

/** A message around one field of it. */
function wrapped(inner: number, field: Field): Field {
  return (to, number, value) => nested(to, number, () => field(to, inner, value));
}

/** Which field of a message it is depends on the value. */
function oneOf(choose: (value: Json) => readonly [number: number, field: Field]): Field {
  return (to, number, value) => {
    const [inner, field] = choose(value);
    nested(to, number, () => field(to, inner, value));
  };
}

const SCHEMA: Message = {
  $ref: [1, text],
  format: [2, text],
  title: [3, text],
  description: [4, text],
  default: [5, anything],
  multipleOf: [6, double],
  maximum: [7, double],
  exclusiveMaximum: [8, truth],
  minimum: [9, double],
  exclusiveMinimum: [10, truth],
  maxLength: [11, whole],
  minLength: [12, whole],
  pattern: [13, text],
  maxItems: [14, whole],
  minItems: [15, whole],
  uniqueItems: [16, truth],
  maxProperties: [17, whole],
  minProperties: [18, whole],
  required: [19, each(text)],
  enum: [20, each(anything)],
  additionalProperties: [21, oneOf((value) => (typeof value === 'boolean' ? [2, truth] : [1, schema]))],
  type: [22, wrapped(1, each(text))],
  items: [
    23,
    wrapped(
      1,
      message(() => SCHEMA, 31),
    ),
  ],
  properties: [25, wrapped(1, named(message(() => SCHEMA, 31)))],
  example: [30, anything],
};
const schema = message(() => SCHEMA, 31);

function member(value: Json, key: string): Json | undefined {
  return isObject(value) ? value[key] : undefined;
}

const REFERENCE: Message = { $ref: [1, text] };
const reference = message(() => REFERENCE);

const BODY: Message = {
  description: [1, text],
  name: [2, text],
  in: [3, text],
  required: [4, truth],
  schema: [5, schema],
};
const QUERY: Message = {
  required: [1, truth],
  in: [2, text],
  description: [3, text],
  name: [4, text],
  type: [6, text],
  uniqueItems: [20, truth],
};
const PATH: Message = {
  required: [1, truth],
  in: [2, text],
  description: [3, text],
  name: [4, text],
  type: [5, text],
  uniqueItems: [19, truth],
};
const otherThanBody = oneOf((value) =>
  member(value, 'in') === 'path' ? [4, message(() => PATH)] : [3, message(() => QUERY)],
);
const parameter = oneOf((value) => (member(value, 'in') === 'body' ? [1, message(() => BODY)] : [2, otherThanBody]));
const parameterOrReference = oneOf((value) => (member(value, '$ref') === undefined ? [1, parameter] : [2, reference]));

const RESPONSE: Message = { description: [1, text], schema: [2, wrapped(1, schema)] };
const response = oneOf(() => [1, message(() => RESPONSE)]);

const OPERATION: Message = {
  tags: [1, each(text)],
  description: [3, text],
  operationId: [5, text],
  produces: [6, each(text)],
  consumes: [7, each(text)],
  parameters: [8, each(parameterOrReference)],
  responses: [9, wrapped(1, named(response))],
  schemes: [10, each(text)],
};
const operation = message(() => OPERATION, 13);

const PATH_ITEM: Message = {
  get: [2, operation],
  put: [3, operation],
  post: [4, operation],
  delete: [5, operation],
  patch: [8, operation],
  parameters: [9, each(parameterOrReference)],
};

const INFO: Message = { title: [1, text], version: [2, text], description: [3, text] };

const DOCUMENT: Message = {
  swagger: [1, text],
  info: [2, message(() => INFO)],
  paths: [8, wrapped(2, named(message(() => PATH_ITEM)))],
  definitions: [9, wrapped(1, named(schema))],
  parameters: [10, wrapped(1, named(parameter))],
};
