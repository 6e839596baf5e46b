// A plain client of the simulated API for these tests: what it sends and gets is visible in one line.
import { Agent, request } from 'undici';
import type { Simulator, TokenCredentials } from '#pve-sim/simulator';

export interface Reply {
  readonly status: number;
  /** The reason phrase, which carries PVE's message. */
  readonly reason: string;
  readonly data: unknown;
  readonly errors: Readonly<Record<string, string>> | undefined;
  readonly text: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export type Params = Readonly<Record<string, string | number | undefined>>;

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export interface PveClient {
  get(path: string, params?: Params): Promise<Reply>;
  post(path: string, params?: Params): Promise<Reply>;
  put(path: string, params?: Params): Promise<Reply>;
  del(path: string, params?: Params): Promise<Reply>;
  /** A form that is already encoded, where a parameter comes more than once. */
  send(method: 'POST' | 'PUT', path: string, form: string): Promise<Reply>;
  /** Starts a task and waits for it: its exit status. Throws where the call itself is refused. */
  task(method: 'post' | 'put' | 'del', path: string, params?: Params): Promise<string>;
  /** Waits for a task by its UPID. */
  exitOf(upid: unknown): Promise<string>;
  close(): Promise<void>;
}

export interface ClientOptions {
  readonly token?: TokenCredentials;
  /** Which endpoint is asked; the first where absent. */
  readonly node?: string;
}

export function pveClient(simulator: Simulator, options: ClientOptions = {}): PveClient {
  const { token = simulator.token, node } = options;
  const endpoint = simulator.nodes.find(({ name }) => name === node) ?? simulator.nodes[0];
  if (endpoint === undefined) throw new Error('the simulator has no nodes');
  const dispatcher = new Agent({ connect: { ca: simulator.ca } });
  const authorization = `PVEAPIToken=${token.id}=${token.secret}`;

  const call = async (method: Method, path: string, params: Params): Promise<Reply> => {
    const form = new URLSearchParams(
      Object.entries(params).flatMap(([key, value]): [string, string][] =>
        value === undefined ? [] : [[key, String(value)]],
      ),
    ).toString();
    return await exchange(method, path, form);
  };
  const exchange = async (method: Method, path: string, form: string): Promise<Reply> => {
    const isWrite = method === 'POST' || method === 'PUT';
    const url = `${endpoint.url}/api2/json${path}${isWrite || form === '' ? '' : `?${form}`}`;
    const headers = { authorization, ...(isWrite ? { 'content-type': 'application/x-www-form-urlencoded' } : {}) };
    const answer = await request(url, { method, dispatcher, headers, ...(isWrite ? { body: form } : {}) });
    const text = await answer.body.text();
    const { data, errors } = parse(text);
    return { status: answer.statusCode, reason: answer.statusText, data, errors, text, headers: answer.headers };
  };
  const exitOf = async (upid: unknown): Promise<string> => {
    if (typeof upid !== 'string') throw new Error(`no task was started: ${JSON.stringify(upid)}`);
    for (;;) {
      const { data } = await call('GET', `/nodes/${upid.split(':')[1] ?? ''}/tasks/${upid}/status`, {});
      const { status, exitstatus } = data as { status: string; exitstatus?: string };
      if (status === 'stopped') return exitstatus ?? '';
      await simulator.clock.sleep(100);
    }
  };
  const client: PveClient = {
    get: async (path, params = {}) => await call('GET', path, params),
    post: async (path, params = {}) => await call('POST', path, params),
    put: async (path, params = {}) => await call('PUT', path, params),
    del: async (path, params = {}) => await call('DELETE', path, params),
    send: exchange,
    exitOf,
    task: async (method, path, params) => {
      const reply = await client[method](path, params);
      if (reply.status !== 200) throw new Error(`${method} ${path}: ${reply.status} ${reply.reason} ${reply.text}`);
      return await exitOf(reply.data);
    },
    close: async () => await dispatcher.close(),
  };
  return client;
}

function parse(text: string): { data: unknown; errors: Reply['errors'] } {
  if (!text.startsWith('{')) return { data: undefined, errors: undefined };
  return JSON.parse(text) as { data: unknown; errors: Reply['errors'] };
}

/** An answer's data as an object. */
export function objectOf(reply: Reply): Record<string, unknown> {
  if (reply.status !== 200) throw new Error(`${reply.status} ${reply.reason}`);
  return reply.data as Record<string, unknown>;
}

export function rowsOf(reply: Reply): Record<string, unknown>[] {
  if (reply.status !== 200) throw new Error(`${reply.status} ${reply.reason}`);
  return reply.data as Record<string, unknown>[];
}
