// The way of one request through a node, in PVE's order: headers, authentication, route, parameters, permission, the other
// node, validation, handler (pve-behaviour 2).
import type { IncomingMessage } from 'node:http';
import { authenticate } from '../access/authenticate.ts';
import { checkRule } from '../access/rules.ts';
import type { JournalEntry } from '../journal.ts';
import { maskSecrets } from '../journal.ts';
import type { Process } from '../process.ts';
import { reachDaemon, reachNode } from '../nodes/reach-node.ts';
import {
  BadRequest,
  forbidden,
  NoAnswer,
  NotAuthenticated,
  PveError,
  parameterError,
  TransportError,
} from '../pve-error.ts';
import type { Profile } from '../profiles/profile.ts';
import { profileOfNode } from '../profiles/profile-of-node.ts';
import { allowOf, type Endpoint, isOfNode, isProtected, paramsOf } from '../routes/endpoint.ts';
import { normalised, problems } from '../schema/verify.ts';
import type { Sim } from '../sim.ts';
import { type Answer, dataAnswer, emptyAnswer, errorAnswer, type Format, textAnswer } from './answer.ts';
import { type KnownUris, notImplemented } from './known-uris.ts';
import { parseMultipart, type UploadedFile } from './multipart.ts';
import { checkHeaders, readBody } from './read-body.ts';
import { mergeParams, parseBody, parseQuery, type RawRequestParams } from './request-params.ts';
import type { Match, Router } from './router.ts';

export interface Dispatcher {
  readonly sim: Sim;
  readonly router: Router;
  readonly knownUris: KnownUris;
}

export interface Arrival {
  readonly request: IncomingMessage;
  readonly node: string;
  readonly apiWorker: number;
  readonly entry: JournalEntry;
  readonly target: Target;
  /** What a fault adds to the handler's time, ms of the world's time. */
  readonly slowMs: number;
}

/** A call between the daemons that it passes. */
interface Underway extends Arrival {
  /** The node that has it: its version words the answer. */
  at: string;
  /** Whether another daemon answers and pveproxy only hands that on. */
  passedOn: boolean;
}

export interface Target {
  readonly format: string;
  /** Decoded, without `/api2/<format>`. */
  readonly segments: readonly string[];
  readonly query: string;
  /** Undefined where the URL is not under `/api2`. */
  readonly path: string | undefined;
  /** The whole path, decoded. */
  readonly file: string;
}

const METHODS = new Set(['GET', 'POST', 'PUT', 'DELETE']);

export async function dispatch(to: Dispatcher, arrival: Arrival): Promise<Answer> {
  const underway: Underway = { ...arrival, at: arrival.node, passedOn: false };
  const given = await respond(to, underway);
  return underway.passedOn ? { ...given, passedOn: true } : given;
}

async function respond(to: Dispatcher, arrival: Underway): Promise<Answer> {
  const started = to.sim.clock.now();
  const format: Format = arrival.target.format === 'extjs' ? 'extjs' : 'json';
  const method = arrival.request.method ?? '';
  if (!METHODS.has(method)) return emptyAnswer(501, `method '${method}' not available`);
  try {
    return dataAnswer(format, await answer(to, arrival));
  } catch (error) {
    const hasMessage = profileOfNode(to.sim.world, arrival.at).has('messageInBody');
    if (error instanceof NoAnswer) throw error;
    if (error instanceof TransportError) return textAnswer(error.status, error.message);
    if (!(error instanceof PveError)) return errorAnswer(format, error, hasMessage);
    if (error.status >= 595) return emptyAnswer(error.status, error.message);
    const refusedUpload = error.status === 403 && isUpload(arrival);
    if (error.status === 401 || refusedUpload) {
      // Both are told late, 3 s after the request came (pve-behaviour 4.6).
      const past = to.sim.clock.now() - started;
      await to.sim.pace.wait(Math.max(0, to.sim.durations.loginDelayMs - past));
    }
    const isBare = refusedUpload || error instanceof NotAuthenticated || error instanceof BadRequest;
    return isBare ? emptyAnswer(error.status, error.message) : errorAnswer(format, error, hasMessage);
  }
}

export function isUpload({ request, target }: Pick<Arrival, 'request' | 'target'>): boolean {
  return request.method === 'POST' && target.segments.at(-1) === 'upload';
}

async function answer(to: Dispatcher, arrival: Underway): Promise<unknown> {
  const { request, entry, target } = arrival;
  const method = request.method ?? '';
  const upload = isUpload(arrival);
  const profile = profileOfNode(to.sim.world, arrival.node);
  checkHeaders(request, profile, upload);
  checkTarget(target);
  const path = `/${target.segments.join('/')}`;
  const { user, byToken } = authenticate(to.sim, profile, { method, path, headers: request.headers, isUpload: upload });
  entry.user = user === '' ? undefined : user;
  const body = await readBody(request);
  const match = to.router(method, target.segments);
  if (match === undefined) throw new PveError(501, to.knownUris.refusal(method, target.segments));
  if (!exists(match.endpoint, profile)) throw new PveError(501, notImplemented(method, target.segments));
  const sent = readParams(request, body, upload);
  const raw = mergeParams(match.pathParams, sent.params, parseQuery(target.query));
  entry.params = maskSecrets(raw);
  if (byToken && match.endpoint.ticketOnly === true)
    throw forbidden(`URI '${path}' not available with API token, need proper ticket.\n`);
  return await carryOut(to, arrival, match, raw, sent.file);
}

function checkTarget(target: Target): void {
  if (target.path === undefined) throw new TransportError(500, `no such file '${target.file}'\n`);
  if (target.format === '') throw new TransportError(501, 'no such uri');
  if (target.format !== 'json' && target.format !== 'extjs') {
    throw new TransportError(501, `no formatter for uri ${target.path}, ${target.format}`);
  }
}

interface Sent {
  readonly params: RawRequestParams;
  readonly file: UploadedFile | undefined;
}

function readParams(request: IncomingMessage, body: Buffer, upload: boolean): Sent {
  const type = request.headers['content-type'];
  if (upload) {
    if (type?.startsWith('multipart/form-data') !== true) throw new NoAnswer();
    const { fields, file } = parseMultipart(type, body);
    return { params: { ...fields, filename: file.name }, file };
  }
  return { params: parseBody(type, body), file: undefined };
}

async function carryOut(
  to: Dispatcher,
  arrival: Underway,
  match: Match<Endpoint>,
  raw: RawRequestParams,
  upload: UploadedFile | undefined,
): Promise<unknown> {
  const { sim } = to;
  const { endpoint } = match;
  const user = arrival.entry.user ?? '';
  const own = profileOfNode(sim.world, arrival.node);
  checkRule(sim.world, user, allowOf(endpoint, own), raw);
  const params = raw['node'] === 'localhost' && isOfNode(endpoint) ? { ...raw, node: arrival.node } : raw;
  const node = workingNode(endpoint, params, arrival.node);
  const profile = node === arrival.node ? own : await passOn(sim, arrival, match, node, params);
  const schema = paramsOf(endpoint, profile);
  const errors = problems(params, schema, profile);
  if (Object.keys(errors).length > 0) throw parameterError(errors);
  const verified = normalised(params, schema);
  const { node: receivedBy, apiWorker } = arrival;
  if (isProtected(endpoint)) {
    await reachDaemon(sim, node);
    arrival.passedOn = true;
  }
  return await withinProxyLimit(sim, node, async (process) => {
    await process.work(sim.latency(endpoint.method, endpoint.path) + arrival.slowMs);
    if (writesClusterFiles(endpoint)) await sim.membership.settled();
    return await endpoint.handle({ sim, receivedBy, apiWorker, user, params: verified, profile, upload, process });
  });
}

/** What the version does not have is answered as any URI that does not exist. */
function exists({ feature }: Endpoint, profile: Profile): boolean {
  return feature === undefined || profile.has(feature);
}

/** Those writes are stuck while corosync finds out who is still there. */
function writesClusterFiles({ method, path, stays }: Endpoint): boolean {
  return method !== 'GET' && stays !== true && path !== '/access/ticket';
}

/** The node in the path does the work of its calls, the one that was asked does the rest. */
function workingNode(endpoint: Endpoint, { node }: RawRequestParams, receiver: string): string {
  return isOfNode(endpoint) && endpoint.stays !== true && typeof node === 'string' ? node : receiver;
}

/** To the node in the path, which goes through all of it again by its own version (pve-behaviour 2). @returns that version */
async function passOn(
  sim: Sim,
  arrival: Underway,
  { endpoint }: Match<Endpoint>,
  node: string,
  params: RawRequestParams,
): Promise<Profile> {
  await reachNode(sim, arrival.node, node);
  arrival.at = node;
  arrival.passedOn = true;
  const profile = profileOfNode(sim.world, node);
  if (!exists(endpoint, profile))
    throw new PveError(501, notImplemented(arrival.request.method ?? '', arrival.target.segments));
  checkRule(sim.world, arrival.entry.user ?? '', allowOf(endpoint, profile), params);
  return profile;
}

/** A handler that takes too long is answered 596 while its work goes on, if its node does (pve-behaviour 1.5). */
async function withinProxyLimit(
  sim: Sim,
  node: string,
  handle: (process: Process) => Promise<unknown>,
): Promise<unknown> {
  const { promise: tooLong, reject } = Promise.withResolvers<never>();
  const cancel = sim.pace.limit(sim.durations.proxyTimeoutMs, () => reject(new PveError(596, 'Connection timed out')));
  const work = sim.calls.run(node, handle);
  // Once the 596 is sent nobody waits for it: its failure then is no answer, and must not end the process.
  work.catch(() => {});
  try {
    return await Promise.race([work, tooLong]);
  } finally {
    cancel();
  }
}
