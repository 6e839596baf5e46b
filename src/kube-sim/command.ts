// The API for one machine, as `virtrigaud-manager --standalone` serves it.
import type { Clock } from '#runtime/clock';
import type { Logger } from '#runtime/log';
import { keepYoungHeapSmall } from '#runtime/young-heap';
import { OWN_KINDS } from './kinds/own-kinds.ts';
import type { JsonObject } from './object.ts';
import { type KubeSim, startKubeSim } from './server.ts';

export interface StandaloneOptions {
  readonly dataDir: string;
  readonly listen: { readonly host: string; readonly port: number };
  /** CustomResourceDefinitions that are to be there. */
  readonly definitions: readonly JsonObject[];
  /** The program's, for its own writes. */
  readonly name: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Rejects with why it cannot start. */
export async function serveStandalone(options: StandaloneOptions): Promise<KubeSim> {
  const { dataDir, listen, definitions, name, clock, log } = options;
  keepYoungHeapSmall();
  const sim = await startKubeSim({ dataDir, ...listen, clock, log, kinds: OWN_KINDS, definitions, name });
  log.info('serving the Kubernetes API', { url: sim.url, kubeconfig: sim.kubeconfig });
  return sim;
}
