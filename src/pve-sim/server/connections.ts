// The connections of a node: which API worker has each, and when it is to be its last answer (pve-behaviour 1.5).
import type { Socket } from 'node:net';
import type { Random } from '../random.ts';

const API_WORKERS = 3;
const REQUESTS_PER_CONNECTION = 100;
/** Of 500 that a worker takes: above, nobody keeps one. */
const KEPT_PER_WORKER = 480;

export interface Connection {
  readonly apiWorker: number;
  /** Whether the next answer is the last. */
  isLast(): boolean;
}

export interface Connections {
  /** A request has come over the socket. */
  meet(socket: Socket): Connection;
}

export function createConnections(random: Random): Connections {
  const known = new WeakMap<Socket, Connection & { requests: number }>();
  const open = Array.from({ length: API_WORKERS }, () => 0);
  const take = (socket: Socket): Connection & { requests: number } => {
    const apiWorker = random.below(API_WORKERS);
    const count = (by: number): void => {
      open[apiWorker] = (open[apiWorker] ?? 0) + by;
    };
    count(1);
    socket.once('close', () => count(-1));
    const connection = {
      apiWorker,
      requests: 0,
      isLast: () => connection.requests >= REQUESTS_PER_CONNECTION || (open[apiWorker] ?? 0) > KEPT_PER_WORKER,
    };
    known.set(socket, connection);
    return connection;
  };
  return {
    meet: (socket) => {
      const connection = known.get(socket) ?? take(socket);
      connection.requests += 1;
      return connection;
    },
  };
}
