// One node's pveproxy: its port, its connections and API workers, and the power switch.
import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Certificates } from '#runtime/certificates';
import type { FaultAction } from '../faults.ts';
import type { Journal } from '../journal.ts';
import { type Answer, emptyAnswer, send } from './answer.ts';
import { profileOfNode } from '../profiles/profile-of-node.ts';
import { type Connection, createConnections } from './connections.ts';
import { type Arrival, type Dispatcher, dispatch, isUpload, type Target } from './dispatch.ts';
import { IDLE_MS, type Listener, listen } from './listener.ts';
import { NoAnswer } from '../pve-error.ts';
import { splitPath } from './router.ts';
import { openWebsocket } from './websocket.ts';

export interface NodeServer {
  readonly name: string;
  readonly port: number;
  /** Closes the port and cuts every connection, or opens it again. */
  setListening(listening: boolean): Promise<void>;
  close(): Promise<void>;
}

export interface NodeServerOptions {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly certificate: Certificates | undefined;
  readonly dispatcher: Dispatcher;
  readonly journal: Journal;
  /** What a `nodeDown` fault does. */
  powerOff(node: string): Promise<void>;
}

export async function startNodeServer(options: NodeServerOptions): Promise<NodeServer> {
  const { host, certificate, dispatcher } = options;
  const connections = createConnections(dispatcher.sim.random);
  const answer = (request: IncomingMessage, response: ServerResponse, upgraded?: Buffer): void => {
    void answerRequest(options, request, response, connections.meet(request.socket), upgraded);
  };
  const upgrade = (request: IncomingMessage, socket: Socket, head: Buffer): void => {
    const response = new ServerResponse(request);
    response.assignSocket(socket);
    answer(request, response, head);
  };
  let listener: Listener | undefined = await listen({ host, port: options.port, certificate, answer, upgrade });
  const { port } = listener;
  const setListening = async (listening: boolean): Promise<void> => {
    const current = listener;
    if (listening && current === undefined) listener = await listen({ host, port, certificate, answer, upgrade });
    if (listening || current === undefined) return;
    listener = undefined;
    await current.close();
  };
  return { name: options.name, port, setListening, close: async () => await setListening(false) };
}

async function answerRequest(
  options: NodeServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
  connection: Connection,
  upgraded: Buffer | undefined,
): Promise<void> {
  const { apiWorker } = connection;
  const { sim } = options.dispatcher;
  const target = parseTarget(request.url ?? '');
  const path = `/${target.segments.join('/')}`;
  const method = request.method ?? '';
  const entry = options.journal.open(options.name, method, path);
  const faults = sim.faults.forRequest(options.name, method, path);
  const node = sim.world.nodes[options.name];
  const boot = node?.bootedAt;
  const lostPower = (): boolean => node?.online !== true || node.bootedAt !== boot;
  await sim.daemons.whileFrozen(options.name, 'api');
  const early = await meetFaults(options, faults);
  if (early === 'cut' || lostPower()) return void request.socket.destroy();
  const slowMs = faults.reduce((sum, fault) => sum + ('slowMs' in fault ? fault.slowMs : 0), 0);
  const arrival = { request, node: options.name, apiWorker, entry, target, slowMs };
  const answer = early ?? (await dispatchOrWait(options, arrival));
  if (answer === undefined) return;
  if (lostPower()) return void request.socket.destroy();
  options.journal.close(entry, answer.status, answer.reason);
  if (faults.some((fault) => 'dropAfter' in fault)) return void request.socket.destroy();
  if (upgraded !== undefined && answer.status === 200 && target.segments.at(-1) === 'vncwebsocket') {
    response.detachSocket(request.socket);
    openWebsocket(request, request.socket, upgraded);
  } else if (!response.destroyed)
    send(request, response, answer, {
      now: sim.clock.now(),
      last: connection.isLast() || isUpload({ request, target }),
      profile: profileOfNode(sim.world, options.name),
    });
}

/** @returns undefined where there is none: the connection is cut once it has been idle for too long */
async function dispatchOrWait({ dispatcher }: NodeServerOptions, arrival: Arrival): Promise<Answer | undefined> {
  try {
    return await dispatch(dispatcher, arrival);
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    const { socket } = arrival.request;
    socket.setTimeout(IDLE_MS, () => socket.destroy());
    return undefined;
  }
}

/** @returns an answer to give instead, `cut` to give none, or undefined to go on */
async function meetFaults(
  options: NodeServerOptions,
  faults: readonly FaultAction[],
): Promise<Answer | 'cut' | undefined> {
  for (const fault of faults) {
    if ('delayMs' in fault) await options.dispatcher.sim.pace.work(fault.delayMs);
    else if ('answer' in fault) return emptyAnswer(fault.answer.status, fault.answer.reason);
    else if ('dropBefore' in fault) return 'cut';
    else if ('nodeDown' in fault) await options.powerOff(fault.nodeDown);
  }
  return undefined;
}

function parseTarget(url: string): Target {
  const split = url.indexOf('?');
  const rawPath = split < 0 ? url : url.slice(0, split);
  const query = split < 0 ? '' : url.slice(split + 1);
  // What follows two slashes is a host's name to a URI (recording one-node/21).
  const file = safeDecode(rawPath.replace(/^\/\/[^/]*/, ''));
  const [root, format = '', ...segments] = splitPath(file);
  const path = root === 'api2' ? `/${segments.join('/')}` : undefined;
  return { format, segments: path === undefined ? [] : segments, query, path, file };
}

/** The path is unescaped before it is routed, so `%2F` parts segments. */
function safeDecode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
