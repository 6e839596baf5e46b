// Requests about resources: the method and the path make a verb, the verb an answer.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { JsonObject, KubeObject } from '../object.ts';
import type { Resource } from '../resource.ts';
import { type Negotiated, negotiate } from '../show/negotiate.ts';
import { isPretty } from '../show/pretty.ts';
import { type Representation, representList, representObject } from '../show/represent.ts';
import { parseIncludeObject } from '../show/table.ts';
import { badRequest, notFound, StatusError } from '../status.ts';
import type { Api, Call, Written } from '../verbs/api.ts';
import { create } from '../verbs/create.ts';
import { deleteOne } from '../verbs/delete.ts';
import { deleteCollection } from '../verbs/delete-collection.ts';
import { get } from '../verbs/get.ts';
import { list, type Listing, takeAll } from '../verbs/list.ts';
import { readListOptions } from '../verbs/list-options.ts';
import { patch } from '../verbs/patch.ts';
import { update } from '../verbs/update.ts';
import { type Told, watch } from '../verbs/watch.ts';
import { type Format, send } from './answer.ts';
import { readBody } from './body.ts';
import type { ResourceRoute } from './route.ts';
import { streamList } from './stream-list.ts';
import { streamWatch } from './stream-watch.ts';
import { createWarnings } from './warnings.ts';

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  /** The server ends. */
  readonly signal: AbortSignal;
}

/** Answers; throws a StatusError for whoever has asked for what there is not. */
export async function answerResource(api: Api, route: ResourceRoute, exchange: Exchange): Promise<void> {
  const verb = verbOf(route, exchange);
  const call = await callOf(route, exchange, verb);
  const to = representationOf(api, route, exchange);
  // What is answered is on disk, also what somebody else has just written.
  const durable = async <T>(answer: T): Promise<T> => {
    await api.log.settled();
    return answer;
  };
  switch (verb) {
    case 'get':
      return sendObject(exchange, await durable({ object: get(api, call), created: false }), to);
    case 'create':
      return sendObject(exchange, await durable(create(api, call)), to);
    case 'update':
      return sendObject(exchange, await durable(update(api, call)), to);
    case 'patch':
      return sendObject(exchange, await durable(patch(api, call)), to);
    case 'delete':
      return sendDeleted(exchange, await durable(deleteOne(api, call)), to);
    case 'deletecollection':
      return await sendList(exchange, await durable(deleteCollection(api, call)), to);
    case 'list':
      return await sendList(exchange, list(api, call, readListOptions(call.query)), to);
    case 'watch':
      return sendWatch(api, exchange, call, to);
  }
}

type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection';

function verbOf(route: ResourceRoute, { request, query }: Exchange): Verb {
  const { resource } = route.kind;
  const { name, subresource } = route;
  refuseSubresource(route);
  switch (request.method) {
    case 'GET':
    case 'HEAD':
      if (name !== '') return 'get';
      return isWatch(query) ? 'watch' : 'list';
    case 'POST':
      if (subresource !== '') throw notAllowed(resource, 'create');
      return 'create';
    case 'PUT':
    case 'PATCH':
      if (name === '') throw badRequest('name must be provided');
      return request.method === 'PUT' ? 'update' : 'patch';
    case 'DELETE':
      if (subresource !== '') throw notAllowed(resource, 'delete');
      if (name === '' && !resource.verbs.includes('deletecollection')) throw notAllowed(resource, 'deletecollection');
      return name === '' ? 'deletecollection' : 'delete';
    default:
      throw notAllowed(resource, '');
  }
}

function isWatch(query: URLSearchParams): boolean {
  const value = query.get('watch');
  return value !== null && value !== '0' && value.toLowerCase() !== 'false';
}

function refuseSubresource({ kind: { resource }, name, subresource }: ResourceRoute): void {
  if (!resource.custom || subresource === '' || (subresource === 'status' && resource.hasStatus)) return;
  if (subresource === 'scale' && resource.hasScale === true)
    throw new StatusError(
      501,
      'NotImplemented',
      `the subresource /scale of ${resource.plural}.${resource.group} is not supported by the standalone API; ` +
        'patch the field that counts the replicas',
    );
  throw notFound(resource, name);
}

/** Recording 154. */
function notAllowed({ group, plural }: Resource, verb: string): StatusError {
  const full = group === '' ? plural : `${plural}.${group}`;
  const message = `${verb} is not supported on resources of kind ${JSON.stringify(full)}`;
  const details = { ...(group === '' ? {} : { group }), kind: plural };
  return new StatusError(405, 'MethodNotAllowed', message, details);
}

async function callOf(route: ResourceRoute, { request, response, query }: Exchange, verb: Verb): Promise<Call> {
  const isRead = verb === 'get' || verb === 'list' || verb === 'watch';
  const { kind, namespace, name, subresource } = route;
  checkSegment(name);
  checkSegment(namespace);
  const warn = createWarnings(response);
  if (kind.deprecation !== undefined) warn(kind.deprecation);
  return {
    kind,
    namespace,
    name,
    subresource: subresource as Call['subresource'],
    query,
    ...bodyOf(isRead ? Buffer.of() : await readBody(request)),
    contentType: (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '',
    agent: (request.headers['user-agent'] ?? '').split('/')[0] || 'unknown',
    warn,
  };
}

function bodyOf(bytes: Buffer): Pick<Call, 'body' | 'bytes'> {
  return { body: bytes.toString(), bytes };
}

function checkSegment(name: string): void {
  const fault =
    name === '.' || name === '..' ? `may not be '${name}'` : name.includes('%') ? "may not contain '%'" : '';
  if (fault !== '') throw badRequest(`Name parameter invalid: ${JSON.stringify(name)}: ${fault}`);
}

function representationOf(
  api: Api,
  { kind }: ResourceRoute,
  { request, query }: Exchange,
): Representation & { how: Negotiated } {
  const isStream = (request.method === 'GET' || request.method === 'HEAD') && isWatch(query);
  const how = negotiate(request.headers.accept, isStream ? 'watch' : 'object');
  const pretty = how.pretty || isPretty(query.get('pretty') ?? undefined, request.headers['user-agent']);
  return {
    how: { ...how, pretty },
    resource: kind.resource,
    includeObject: how.kind === 'table' ? parseIncludeObject(query.get('includeObject') ?? undefined) : 'Metadata',
    now: api.clock.now(),
  };
}

function sendObject({ response }: Exchange, { object, created }: Written, to: Representation): void {
  send(response, created ? 201 : 200, representObject(object, to), formatOf(to));
}

function sendDeleted(
  exchange: Exchange,
  deleted: { readonly object: KubeObject } | { readonly success: JsonObject },
  to: Representation,
): void {
  if ('object' in deleted) sendObject(exchange, { object: deleted.object, created: false }, to);
  else send(exchange.response, 200, deleted.success, formatOf(to));
}

async function sendList({ response }: Exchange, listing: Listing, to: Representation): Promise<void> {
  const { how, resource } = to;
  if (how.kind === 'object' && how.mediaType === 'application/json' && !how.pretty)
    return await streamList(response, listing, resource);
  const objects = [...takeAll(listing)].map((item) => item.object());
  const more = listing.more();
  const metadata = {
    resourceVersion: String(listing.revision),
    continue: more?.token,
    remainingItemCount: more?.remaining,
  };
  send(response, 200, representList(objects, metadata, to), formatOf(to));
}

function sendWatch(api: Api, { response, query, signal }: Exchange, call: Call, to: Representation): void {
  const options = readListOptions(query);
  // A selector that cannot be read is refused before the watch begins.
  const opened = watch(api, call, options);
  let isFirst = true;
  const shape = ({ type, object }: Told): JsonObject => {
    if (type === 'BOOKMARK' || type === 'ERROR') return object();
    const shown = representObject(object() as KubeObject, to, isFirst);
    isFirst = false;
    return shown;
  };
  streamWatch({
    response,
    watch: () => opened,
    log: api.log,
    clock: api.clock,
    timeoutSeconds: options.timeoutSeconds ?? 0,
    bookmarks: options.bookmarks,
    shape: to.how.kind === 'object' ? undefined : shape,
    signal,
  });
}

function formatOf({ how: { mediaType, pretty } }: Representation): Format {
  return { mediaType, pretty };
}
