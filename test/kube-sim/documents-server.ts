// Serves discovery, OpenAPI and tables of a fixed set of objects, so that a client can be seen to read them.
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { discoveryDocument } from '#kube-sim/discovery/discovery';
import type { JsonObject, KubeObject } from '#kube-sim/object';
import { openApiAnswer } from '#kube-sim/openapi/serve';
import type { Resource } from '#kube-sim/resource';
import type { Document } from '#kube-sim/show/document';
import { unlessKnown } from '#kube-sim/show/document';
import { negotiate } from '#kube-sim/show/negotiate';
import { representList, representObject } from '#kube-sim/show/represent';
import { parseIncludeObject } from '#kube-sim/show/table';

export interface DocumentsServer {
  readonly url: string;
  /** `GET /openapi/v3 304`, in order. */
  readonly requests: readonly string[];
  /** Bodies of patches. */
  readonly patches: readonly unknown[];
  stop(): void;
}

/** `objects` by the path of their collection. */
export async function startDocumentsServer(
  resources: readonly Resource[],
  objects: Readonly<Record<string, readonly KubeObject[]>>,
): Promise<DocumentsServer> {
  const requests: string[] = [];
  const patches: unknown[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const url = new URL(request.url ?? '', 'http://any');
      const body = await text(request);
      if (request.method === 'PATCH') patches.push(JSON.parse(body));
      const document = documents(request, url, resources) ?? objectsAt(request, url, resources, objects) ?? NOT_FOUND;
      requests.push(`${request.method} ${url.pathname} ${document.status}`);
      const bytes = document.body instanceof Uint8Array ? document.body : JSON.stringify(document.body);
      response.writeHead(document.status, document.headers).end(bytes);
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    patches,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

const NOT_FOUND: Document = {
  status: 404,
  headers: { 'content-type': 'application/json' },
  body: {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'none',
    reason: 'NotFound',
    code: 404,
  },
};

async function text(request: IncomingMessage): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of request) parts.push(part as Uint8Array);
  return Buffer.concat(parts).toString();
}

function documents(request: IncomingMessage, url: URL, resources: readonly Resource[]): Document | undefined {
  const { accept, 'if-none-match': ifNoneMatch } = request.headers;
  const hash = url.searchParams.get('hash') ?? undefined;
  const openApi = openApiAnswer({ path: url.pathname, hash, accept, ifNoneMatch, now: Date.now() }, resources);
  if (openApi !== undefined) return openApi;
  const discovery = discoveryDocument(url.pathname, accept, resources, url.host);
  return discovery && unlessKnown(discovery, ifNoneMatch);
}

function objectsAt(
  request: IncomingMessage,
  url: URL,
  resources: readonly Resource[],
  objects: Readonly<Record<string, readonly KubeObject[]>>,
): Document | undefined {
  const [path = '', plural = '', name] =
    /^.*\/(customresourcedefinitions|[a-z]+)(?:\/([a-z0-9.-]+))?$/.exec(url.pathname) ?? [];
  const collection = objects[path] ?? objects[path.slice(0, -`/${name}`.length)];
  const resource = resources.find((one) => one.plural === plural) ?? resources.find((one) => one.plural === name);
  if (collection === undefined || resource === undefined) return undefined;
  const how = negotiate(request.headers.accept, 'object');
  const includeObject = parseIncludeObject(url.searchParams.get('includeObject') ?? undefined);
  const to = { how, resource, includeObject, now: Date.now() };
  if (objects[path] !== undefined) return json(representList(collection, { resourceVersion: '9' }, to));
  const found = collection.find(({ metadata }) => metadata.name === name);
  return found && json(representObject(found, to));
}

function json(body: JsonObject): Document {
  return { status: 200, headers: { 'content-type': 'application/json' }, body };
}
