// The API on one machine as a client has it: HTTPS, a token, JSON.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Agent } from 'undici';
import type { Kind } from '#kube-sim/kinds/kind';
import { OWN_KINDS } from '#kube-sim/kinds/own-kinds';
import { type KubeSim, startKubeSim } from '#kube-sim/server';
import { createClock } from '#runtime/clock';
import { createLogger } from '#runtime/log';

/** What tests look for in answers: each has some of it. */
export interface Body {
  readonly apiVersion: string;
  readonly kind: string;
  readonly reason: string;
  readonly code: number;
  readonly message: string;
  readonly metadata: BodyMeta;
  readonly items: readonly Body[];
  readonly status: { readonly phase: string };
  readonly details: { readonly causes: readonly { readonly field: string }[] };
  /** Of a watch's event. */
  readonly type: string;
  readonly object: Body;
}

interface BodyMeta {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number;
  readonly deletionTimestamp: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly ownerReferences: readonly object[];
  readonly continue: string;
  readonly remainingItemCount: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Body;
}

export interface ApiClient {
  /** A body that is no text is sent as JSON. */
  call(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  /** Opens a watch; its events come one by one. */
  watch(path: string): Promise<WatchReader>;
  close(): Promise<void>;
}

export interface WatchReader {
  /** The next event; undefined: the watch has ended. */
  next(): Promise<Body | undefined>;
  stop(): void;
}

export interface Access {
  readonly url: string;
  readonly ca: string;
  readonly token: string;
}

export function apiClient({ url, ca, token }: Access): ApiClient {
  const dispatcher = new Agent({ connect: { ca } });
  const authorization = `Bearer ${token}`;
  return {
    call: async (method, path, body, headers = {}) => {
      const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
      const answer = await dispatcher.request({
        origin: url,
        // As it is: nobody tidies up its dots.
        path,
        method,
        headers: { authorization, ...(body === undefined ? {} : { 'content-type': type }), ...headers },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await answer.body.text();
      return { status: answer.statusCode, headers: answer.headers, body: parsed(text) };
    },
    watch: async (path) => {
      const stop = new AbortController();
      const answer = await dispatcher.request({
        origin: url,
        path,
        method: 'GET',
        headers: { authorization },
        signal: stop.signal,
      });
      answer.body.on('error', () => {});
      const lines = createInterface({ input: answer.body })[Symbol.asyncIterator]();
      return {
        next: async () => {
          const { value, done } = await lines.next();
          return done === true ? undefined : parsed(value);
        },
        stop: () => stop.abort(),
      };
    },
    close: async () => await dispatcher.destroy(),
  };
}

/** What is no JSON stays text. */
function parsed(text: string): Body {
  try {
    return JSON.parse(text) as Body;
  } catch {
    return text as unknown as Body;
  }
}

export interface TestApi extends ApiClient {
  readonly sim: KubeSim;
  readonly folder: string;
}

/** An API of its own, in a folder that goes with it. */
export async function startTestApi(kinds: readonly Kind[] = OWN_KINDS): Promise<TestApi> {
  const folder = mkdtempSync(join(tmpdir(), 'kube-sim-test-'));
  const sim = await startKubeSim({
    dataDir: folder,
    host: '127.0.0.1',
    port: 0,
    clock: createClock(),
    log: createLogger({ write: () => {} }),
    kinds,
    name: 'virtrigaud-manager',
  });
  const client = apiClient(sim);
  return {
    ...client,
    sim,
    folder,
    close: async () => {
      await client.close();
      await sim.stop();
      rmSync(folder, { recursive: true });
    },
  };
}
