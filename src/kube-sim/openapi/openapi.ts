// The OpenAPI documents as they are served. They are made when they are first asked for, and again when the kinds change:
// callers keep one array of resources for as long as nothing does.
import type { JsonObject } from '../object.ts';
import type { Resource } from '../resource.ts';
import { hashOf } from '../show/document.ts';
import { documentInV2 } from './v2.ts';
import { documentAsProtobuf } from './v2-protobuf.ts';
import { documentsInV3 } from './v3.ts';

export interface OpenApiDocument {
  readonly body: Uint8Array;
  readonly contentType: string;
  /** With its quotes. */
  readonly etag: string;
  readonly hash: string;
}

export type V2Format = 'protobuf' | 'json';

const CONTENT_TYPES: Readonly<Record<V2Format, string>> = {
  json: 'application/json',
  protobuf: 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
};

const made = new WeakMap<readonly Resource[], Map<string, OpenApiDocument>>();

/** Where each document is, with its hash, so that it can be kept for ever. */
export function openApiV3Index(resources: readonly Resource[]): OpenApiDocument {
  return remembered(resources, 'v3', () => {
    const paths = [...documentsInV3(resources).keys()].map((path): [string, JsonObject] => {
      const hash = openApiV3At(path, resources)?.hash ?? '';
      return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` }];
    });
    return encoded({ paths: Object.fromEntries(paths) });
  });
}

/** Of a group and version (the core group is empty); undefined where nothing is served. */
export function openApiV3Document(
  group: string,
  version: string,
  resources: readonly Resource[],
): OpenApiDocument | undefined {
  return openApiV3At(group === '' ? `api/${version}` : `apis/${group}/${version}`, resources);
}

/** Of a path as the index names it: `apis/example.test/v1`, `apis`, `version`. */
export function openApiV3At(path: string, resources: readonly Resource[]): OpenApiDocument | undefined {
  const document = documentsInV3(resources).get(path);
  return document && remembered(resources, `v3/${path}`, () => encoded(document()));
}

export function openApiV2(resources: readonly Resource[], format: V2Format): OpenApiDocument {
  return remembered(resources, `v2/${format}`, () => {
    const document = documentInV2(resources);
    return format === 'json' ? encoded(document) : answer(documentAsProtobuf(document), CONTENT_TYPES.protobuf);
  });
}

function remembered(resources: readonly Resource[], key: string, make: () => OpenApiDocument): OpenApiDocument {
  const known = made.get(resources) ?? new Map<string, OpenApiDocument>();
  made.set(resources, known);
  const document = known.get(key) ?? make();
  known.set(key, document);
  return document;
}

function encoded(value: JsonObject): OpenApiDocument {
  return answer(Buffer.from(JSON.stringify(value)), CONTENT_TYPES.json);
}

function answer(body: Uint8Array, contentType: string): OpenApiDocument {
  const hash = hashOf(body);
  return { body, contentType, etag: `"${hash}"`, hash };
}
