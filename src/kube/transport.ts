// One request to the server and its answer. A server that is not there is an answer too: `Unreachable`.
import type { Dispatcher } from 'undici';
import type { Clock } from '#runtime/clock';
import { createLanes } from '#runtime/lanes';
import { KubeApiError } from './api.ts';
import type { CredentialSource } from './credentials.ts';
import { errorOfAnswer } from './status.ts';

export interface KubeRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  /** Requests of one queue wait for each other, and for no others. */
  readonly queue: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** `application/json` where absent. */
  readonly contentType?: string;
}

export interface Transport {
  /** The answer's JSON. Rejects with KubeApiError. */
  ask(request: KubeRequest): Promise<unknown>;
  /** Tells the answer's bytes until the server ends it. */
  stream(request: KubeRequest, reader: StreamReader): Promise<void>;
  close(): void;
}

export interface StreamReader {
  readonly signal: AbortSignal;
  readonly onOpen?: (() => void) | undefined;
  readonly onChunk: (chunk: Buffer) => void;
}

export interface TransportOptions {
  readonly server: string;
  readonly credentials: CredentialSource;
  readonly userAgent: string;
  readonly clock: Clock;
  /** Real ms to a whole answer, or to the beginning of a stream. */
  readonly timeoutMs: number;
  /** Told of every request that was answered, or was not: the status code, or `<error>`. */
  readonly onRequest?: OnRequest | undefined;
}

export type OnRequest = (method: KubeRequest['method'], code: string) => void;

/** So many requests of a queue are under way at once: a server that is asked everything at once drops connections. */
const AT_ONCE = 16;
/** As often as Kubernetes' own clients do what a server asks for that has too much to do. */
const MOST_TRIES = 10;

export function createTransport(options: TransportOptions): Transport {
  const { server, credentials, userAgent, clock, timeoutMs } = options;
  // It may be the path within a gateway.
  const { origin, pathname } = new URL(server);
  const root = pathname.replace(/\/$/, '');
  const lanes = createLanes();
  const closed = new AbortController();

  async function send(request: KubeRequest, signal: AbortSignal, streams: boolean): Promise<Dispatcher.ResponseData> {
    const { headers, dispatcher } = await credentials.current();
    const { method, path, query = {}, body, contentType = 'application/json' } = request;
    const answer = dispatcher.request({
      origin,
      path: `${root}${path}${queryText(query)}`,
      method,
      headers: {
        ...headers,
        accept: 'application/json',
        'user-agent': userAgent,
        ...(body === undefined ? {} : { 'content-type': contentType }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal,
      headersTimeout: timeoutMs,
      // Whoever watches decides how long silence may last.
      bodyTimeout: streams ? 0 : timeoutMs,
    });
    answer.then(
      ({ statusCode }) => options.onRequest?.(method, String(statusCode)),
      () => options.onRequest?.(method, '<error>'),
    );
    return await answer;
  }

  async function once(request: KubeRequest): Promise<{ answer: Dispatcher.ResponseData; text: string }> {
    try {
      const answer = await send(request, AbortSignal.timeout(timeoutMs), false);
      return { answer, text: await answer.body.text() };
    } catch (error) {
      throw unreachable(server, error, timeoutMs);
    }
  }

  async function ask(request: KubeRequest): Promise<unknown> {
    const queue = [{ key: request.queue, width: AT_ONCE }];
    for (let tries = 1; ; tries++) {
      const { answer, text } = await lanes.through(queue, closed.signal, async () => await once(request));
      if (answer.statusCode < 300) return parsed(server, text);
      const pauseMs = pauseAskedFor(answer);
      if (pauseMs === undefined || tries >= MOST_TRIES) throw errorOfAnswer(answer.statusCode, text);
      await clock.sleep(pauseMs, closed.signal);
    }
  }

  async function stream(request: KubeRequest, { signal, onOpen, onChunk }: StreamReader): Promise<void> {
    const answer = await heard(send(request, signal, true), signal);
    if (answer.statusCode !== 200) throw errorOfAnswer(answer.statusCode, await heard(answer.body.text(), signal));
    onOpen?.();
    const chunks = (answer.body as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
    try {
      for (;;) {
        const chunk = await heard(chunks.next(), signal);
        if (chunk.done === true) return;
        onChunk(chunk.value);
      }
    } finally {
      answer.body.on('error', () => {}).destroy();
    }
  }

  async function heard<T>(told: Promise<T>, signal: AbortSignal): Promise<T> {
    try {
      return await told;
    } catch (error) {
      signal.throwIfAborted();
      throw unreachable(server, error, timeoutMs);
    }
  }

  return { ask, stream, close };

  function close(): void {
    const message = `Kubernetes API at ${server}: the connection was closed`;
    closed.abort(new KubeApiError({ code: 0, reason: 'Unreachable', message }));
    credentials.close();
  }
}

function queryText(query: Readonly<Record<string, string>>): string {
  const text = new URLSearchParams(query).toString();
  return text === '' ? '' : `?${text}`;
}

/** Undefined where the server does not want to be asked the same again. It has done nothing then. */
function pauseAskedFor({ statusCode, headers }: Dispatcher.ResponseData): number | undefined {
  const seconds = Number(headers['retry-after']);
  if (statusCode !== 429 || !(seconds >= 0)) return undefined;
  return Math.min(seconds, 30) * 1000;
}

function parsed(server: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    const message = `Kubernetes API at ${server}: the answer is no JSON. Is this the address of an API server?`;
    throw new KubeApiError({ code: 0, reason: 'Unreachable', message }, { cause });
  }
}

function unreachable(server: string, cause: unknown, timeoutMs: number): KubeApiError {
  const why = isTimeout(cause) ? `no answer for ${timeoutMs / 1000} s` : whyOf(cause);
  return new KubeApiError(
    { code: 0, reason: 'Unreachable', message: `Kubernetes API at ${server}: ${why}` },
    { cause },
  );
}

function isTimeout(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.name === 'TimeoutError' || (error as { code?: string }).code === 'UND_ERR_HEADERS_TIMEOUT';
}

/** Of several addresses of a name, why the first one failed. */
function whyOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return whyOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
