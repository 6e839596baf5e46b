// The program `virtrigaud-manager`, as far as it is there: the API for one machine.
import { isIPv4 } from 'node:net';
import { Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { createClock } from '#runtime/clock';
import { createLogger } from '#runtime/log';
import { createShutdown } from '#runtime/shutdown';
import { OWN_KINDS } from './kinds/own-kinds.ts';
import type { JsonObject } from './object.ts';
import { startKubeSim } from './server.ts';
import { keepYoungHeapSmall } from './young-heap.ts';

export interface CommandOptions {
  /** Without the program's own name. */
  readonly args: readonly string[];
  readonly version: string;
  /** CustomResourceDefinitions that are to be there. */
  readonly definitions: readonly JsonObject[];
}

const NAME = 'virtrigaud-manager';
const SHUTDOWN_MS = 15_000;

/** Runs until it is told to end. Rejects with why it cannot start. */
export async function runStandalone({ args, version, definitions }: CommandOptions): Promise<void> {
  const { standalone, dataDir, listen } = parseOptions(args, version);
  if (!standalone)
    throw new Error('a manager in a Kubernetes cluster is not built yet; start it with --standalone, on one machine');
  if (dataDir === undefined) throw new Error('--data-dir is missing: the folder in which everything is kept');
  keepYoungHeapSmall();
  const clock = createClock();
  const log = createLogger();
  const shutdown = createShutdown({ clock, log, limitMs: SHUTDOWN_MS });
  const sim = await startKubeSim({ dataDir, ...listen, clock, log, kinds: OWN_KINDS, definitions, name: NAME });
  shutdown.add('api', async () => await sim.stop());
  shutdown.listen();
  log.info('serving the Kubernetes API', { url: sim.url, kubeconfig: sim.kubeconfig });
}

function parseOptions(args: readonly string[], version: string) {
  return new Command(NAME)
    .version(version)
    .description('Kubernetes without a cluster: an API for VirtRigaud objects on one machine.')
    .option('--standalone', 'serve the API here, without a Kubernetes cluster', false)
    .option('--data-dir <folder>', 'where everything is kept; made where it is not there')
    .addOption(
      new Option('--listen <address:port>', 'where to listen; port 0 takes any free one')
        .argParser(address)
        .default({ host: '127.0.0.1', port: 6443 }, '127.0.0.1:6443'),
    )
    .exitOverride()
    .parse(args, { from: 'user' })
    .opts();
}

function address(text: string): { readonly host: string; readonly port: number } {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host === undefined || !(port <= 65_535))
    throw new InvalidArgumentError('write it as 127.0.0.1:6443 or [::1]:6443.');
  if (!isLoopback(host))
    throw new InvalidArgumentError(`${host} is not on this machine alone; use 127.0.0.1, [::1] or localhost.`);
  return { host, port };
}

/** Whoever has the token may do everything: it is never served to a network. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}
