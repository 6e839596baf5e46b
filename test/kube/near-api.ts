// A client of ours and the API on one machine: both in this process, a socket between them.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeApi, NewObject } from '#kube/api';
import { connectKube } from '#kube/connect';
import type { Resource } from '#kube/resource';
import type { JsonObject } from '#kube-sim/object';
import { OWN_KINDS } from '#kube-sim/kinds/own-kinds';
import { type KubeSim, startKubeSim } from '#kube-sim/server';
import { createClock } from '#runtime/clock';
import { createLogger, type Logger } from '#runtime/log';
import { THINGS as DEFINITION } from '../kube-sim/definitions.ts';

export const THINGS: Resource = { group: 'example.test', version: 'v1', plural: 'things', kind: 'Thing' };

export interface NearApi {
  readonly sim: KubeSim;
  readonly api: KubeApi;
  /** Ends the server, at once if asked; what it holds stays. */
  away(): Promise<void>;
  /** Serves again what it held, at the same port. */
  back(): Promise<void>;
  /** While the server is away for everybody else. */
  behindItsBack(act: (api: KubeApi) => Promise<void>, options?: { readonly forgets?: boolean }): Promise<void>;
  /** Another client, over a network of its own. */
  another(): Promise<GatedApi>;
  readonly stop: () => Promise<void>;
}

export interface GatedApi {
  readonly api: KubeApi;
  /** From now on nothing gets through, in neither direction, and nobody is told. */
  hold(): void;
  stop(): void;
}

export async function startNearApi(definitions: readonly JsonObject[] = [DEFINITION]): Promise<NearApi> {
  const folder = mkdtempSync(join(tmpdir(), 'kube-near-'));
  const start = async (port: number): Promise<KubeSim> =>
    await startKubeSim({
      dataDir: folder,
      host: '127.0.0.1',
      port,
      clock: createClock(),
      log: createLogger({ write: () => {} }),
      kinds: OWN_KINDS,
      definitions,
      name: 'virtrigaud-manager',
    });
  let sim = await start(0);
  const port = Number(new URL(sim.url).port);
  const api = await connectKube({ kubeconfig: sim.kubeconfig }, { version: '1.2.3' });
  const away = async (): Promise<void> => await sim.stop();
  const back = async (): Promise<void> => {
    sim = await start(port);
  };
  return {
    get sim() {
      return sim;
    },
    api,
    away,
    back,
    behindItsBack: async (act, { forgets = false } = {}) => {
      await away();
      sim = await start(0);
      const elsewhere = await connectKube({ kubeconfig: sim.kubeconfig });
      await act(elsewhere);
      if (forgets) sim.compact();
      elsewhere.close();
      await away();
      await back();
    },
    another: async () => await gated(sim, folder),
    stop: async () => {
      api.close();
      await sim.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

async function gated({ url, kubeconfig }: KubeSim, folder: string): Promise<GatedApi> {
  const { port } = new URL(url);
  const sockets = new Set<Socket>();
  const gate = createServer((near) => {
    const far = connect(Number(port), '127.0.0.1');
    for (const socket of [near, far]) sockets.add(socket.on('error', () => {}));
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => gate.listen(0, '127.0.0.1', resolve));
  const { port: gatePort } = gate.address() as AddressInfo;
  const file = join(folder, `kubeconfig-${gatePort}`);
  writeFileSync(file, readFileSync(kubeconfig, 'utf8').replace(`:${port}`, `:${gatePort}`));
  const api = await connectKube({ kubeconfig: file });
  return {
    api,
    hold: () => {
      for (const socket of sockets) socket.unpipe().pause();
    },
    stop: () => {
      api.close();
      gate.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

export function thing(name: string, size = 1, namespace = 'default'): NewObject {
  return { apiVersion: 'example.test/v1', kind: 'Thing', metadata: { name, namespace }, spec: { size } };
}

export function thingKey(name: string, namespace = 'default') {
  return { name, namespace };
}

/** What a logger was told, line by line. */
export function loggedLines(): { readonly log: Logger; readonly lines: string[] } {
  const lines: string[] = [];
  return { log: createLogger({ level: 'debug', write: (line) => lines.push(line.trim()) }), lines };
}
