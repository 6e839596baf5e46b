// One request of a node to a web server: of the world's table, or a real one. Redirects are followed.
import { Agent, request } from 'undici';
import type { Sim } from '../sim.ts';
import type { WebFile, World } from '../world/world.ts';

export interface WebRequest {
  readonly method: 'GET' | 'HEAD';
  readonly url: string;
  readonly verifyCertificates: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface WebAnswer {
  readonly status: number;
  readonly reason: string;
  /** Undefined where the server does not tell. */
  readonly length: number | undefined;
  readonly type: string | undefined;
  readonly disposition: string | undefined;
  /** Where it came from in the end. */
  readonly url: string;
  /** Bit by bit, as it comes. */
  body(): AsyncIterable<Uint8Array>;
}

/** No connection, or none that can be trusted. */
export class NoConnection extends Error {
  override readonly name = 'NoConnection';
  readonly kind: 'connect' | 'name' | 'certificate';
  readonly address: string | undefined;

  /** @param why as an errno has it: `Connection refused` */
  constructor(kind: NoConnection['kind'], why: string, address: string | undefined, cause: unknown) {
    super(why, { cause });
    this.kind = kind;
    this.address = address;
  }
}

const MOST_REDIRECTS = 20;

/** @throws NoConnection */
export async function askWeb(sim: Sim, wish: WebRequest, redirects = MOST_REDIRECTS): Promise<WebAnswer> {
  const file = fileAt(sim.world, wish.url);
  const answer = file === undefined ? await askForReal(wish) : simulated(sim, wish, file);
  if (answer.location === undefined || redirects === 0) return answer;
  const url = new URL(answer.location, wish.url).href;
  return await askWeb(sim, { ...wish, url }, redirects - 1);
}

interface Located extends WebAnswer {
  readonly location?: string;
}

/** Undefined where no server of the table has the URL, null where it has no such file. */
function fileAt(world: World, url: string): WebFile | null | undefined {
  const base = Object.keys(world.web).find((known) => url === known || url.startsWith(`${known}/`));
  if (base === undefined) return undefined;
  const path = url.slice(base.length).split(/[?#]/)[0] ?? '';
  return world.web[base]?.[path] ?? null;
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

function simulated(sim: Sim, { url, method, signal }: WebRequest, file: WebFile | null): Located {
  const bare = { length: undefined, type: undefined, disposition: undefined, url, body: nothing };
  if (file === null) return { ...bare, status: 404, reason: 'Not Found' };
  if (file.redirect !== undefined) return { ...bare, status: 302, reason: 'Found', location: file.redirect };
  const { type = 'application/octet-stream', disposition, data } = file;
  const body = method === 'GET' ? () => trickle(sim, file, signal) : nothing;
  return { status: 200, reason: 'OK', length: data.length, type, disposition, url, body };
}

const CHUNKS = 20;

async function* trickle(sim: Sim, file: WebFile, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const { data } = file;
  const size = Math.max(1, Math.ceil(data.length / CHUNKS));
  for (let at = 0; at < data.length; at += size) {
    // A server may become faster meanwhile.
    await sim.pace.work((size / file.bytesPerSecond) * 1000, signal);
    yield data.subarray(at, at + size);
  }
}

async function askForReal({ method, url, verifyCertificates, signal }: WebRequest): Promise<Located> {
  const dispatcher = new Agent({ connect: { rejectUnauthorized: verifyCertificates } });
  try {
    const { statusCode, statusText, headers, body } = await request(url, {
      method,
      dispatcher,
      ...(signal === undefined ? {} : { signal }),
    });
    const one = (name: string): string | undefined => [headers[name] ?? []].flat()[0];
    const length = one('content-length');
    const location = statusCode >= 300 && statusCode < 400 ? one('location') : undefined;
    if (location !== undefined || method === 'HEAD') await body.dump();
    return {
      status: statusCode,
      reason: statusText,
      length: length === undefined ? undefined : Number(length),
      type: one('content-type'),
      disposition: one('content-disposition'),
      url,
      ...(location === undefined ? {} : { location }),
      body: () => closing(body, dispatcher),
    };
  } catch (error) {
    await dispatcher.destroy();
    throw asNoConnection(error);
  }
}

async function* closing(body: AsyncIterable<Uint8Array>, dispatcher: Agent): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } finally {
    await dispatcher.destroy();
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Connection refused',
  EHOSTUNREACH: 'No route to host',
  ENETUNREACH: 'Network is unreachable',
  ETIMEDOUT: 'Connection timed out',
  UND_ERR_CONNECT_TIMEOUT: 'Connection timed out',
  ECONNRESET: 'Connection reset by peer',
  UND_ERR_SOCKET: 'Connection reset by peer',
  ENOTFOUND: 'Name or service not known',
  EAI_AGAIN: 'Temporary failure in name resolution',
};

function asNoConnection(error: unknown): unknown {
  const { code = '', address } = error as { readonly code?: string; readonly address?: string };
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/.test(code))
    return new NoConnection('certificate', 'certificate verify failed', address, error);
  const why = REASONS[code];
  if (why === undefined) return error;
  return new NoConnection(code === 'ENOTFOUND' || code === 'EAI_AGAIN' ? 'name' : 'connect', why, address, error);
}

/** The host of a URL with the port that is asked. */
export function placeOf(url: string): { readonly host: string; readonly port: number } {
  const { hostname, port, protocol } = new URL(url);
  const usual = protocol === 'https:' ? 443 : 80;
  return { host: hostname, port: port === '' ? usual : Number(port) };
}
