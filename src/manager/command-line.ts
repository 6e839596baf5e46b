// The command line of `virtrigaud-manager`: on one machine with an API of its own, or at the API of a Kubernetes cluster.
import { isIPv4 } from 'node:net';
import { Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { type EndpointMap, readEndpointMap } from './provider/endpoint-map.ts';

export const NAME = 'virtrigaud-manager';

export type CommandLine = Common & (Standalone | InCluster);

interface Common {
  /** The one namespace it looks after; all where absent. */
  readonly namespace: string | undefined;
  readonly workers: number;
  /** Port of health checks and metrics; undefined: none. */
  readonly healthPort: number | undefined;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  readonly logFormat: 'text' | 'json';
  /** How fast time runs. */
  readonly timeScale: number;
}

interface Standalone {
  readonly kind: 'standalone';
  readonly dataDir: string;
  readonly listen: { readonly host: string; readonly port: number };
  /** Without controllers. */
  readonly isApiOnly: boolean;
  readonly endpoints: EndpointMap;
}

interface InCluster {
  readonly kind: 'cluster';
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly elects: boolean;
  /** Where a Provider names none. */
  readonly providerImage: string;
  /** Where its Lease is; that of its own pod where absent. */
  readonly leaderNamespace: string | undefined;
}

const HEALTH_PORT = 8080;

/** Throws CommanderError, which has said what is wrong, or Error with what is. */
export function readCommandLine(args: readonly string[], version: string): CommandLine {
  const { options, said } = parse(args, version);
  const { namespace, workers, logLevel, logFormat, timeScale, healthPort } = options;
  const common = { namespace, workers, logLevel, logFormat, timeScale };
  if (!options.standalone) {
    refuse(said, ['dataDir', 'listen', 'apiOnly', 'mapCa', 'mapEndpoint'], 'it goes with --standalone');
    const {
      kubeconfig,
      context,
      providerImage,
      leaderElect: elects,
      leaderElectionNamespace: leaderNamespace,
    } = options;
    const login = { kubeconfig, context, providerImage, elects, leaderNamespace };
    return { ...common, kind: 'cluster', healthPort: healthPort ?? HEALTH_PORT, ...login };
  }
  refuse(
    said,
    ['kubeconfig', 'context', 'leaderElect', 'leaderElectionNamespace', 'providerImage'],
    'with --standalone the API is its own, and its providers are in the same process',
  );
  const { dataDir, listen, apiOnly: isApiOnly, mapEndpoint, mapCa } = options;
  if (dataDir === undefined) throw new Error('--data-dir is missing: the folder in which everything is kept');
  const endpoints = readEndpointMap(mapEndpoint, mapCa);
  return { ...common, kind: 'standalone', healthPort, dataDir, listen, isApiOnly, endpoints };
}

/** `said`: the options that stand in the arguments. */
function parse(args: readonly string[], version: string) {
  const command = new Command(NAME)
    .version(version)
    .description(
      'Makes VirtRigaud objects true on Proxmox VE: at a Kubernetes API, or with one of its own on one machine.',
    )
    .option('--standalone', 'serve the API here, without a Kubernetes cluster', false)
    .option('--data-dir <folder>', 'standalone: where everything is kept; made where it is not there')
    .addOption(
      new Option('--listen <address:port>', 'standalone: where to listen; port 0 takes any free one')
        .argParser(address)
        .default({ host: '127.0.0.1', port: 6443 }, '127.0.0.1:6443'),
    )
    .option('--api-only', 'standalone: the API alone, without controllers', false)
    .option(
      '--map-endpoint <from=to>',
      'standalone: reach an endpoint elsewhere, as URLs; may be repeated',
      (row: string, rows: readonly string[]) => [...rows, row],
      [] as readonly string[],
    )
    .option('--map-ca <file>', 'standalone: CA of the endpoints that are reached elsewhere')
    .option('--kubeconfig <file>', 'the login at the Kubernetes API; default as kubectl, or the own pod')
    .option('--context <name>', 'the context of the kubeconfig')
    .option('--namespace <name>', 'look after this namespace only')
    .addOption(
      new Option('--provider-image <image>', 'image of Providers that name none').default(
        `virtrigaud/provider-proxmox:${version}`,
      ),
    )
    .option('--no-leader-elect', 'do not ask whether another manager is at work')
    .option('--leader-election-namespace <name>', "where the Lease is; default the own pod's")
    .addOption(
      new Option('--workers <number>', 'objects of a kind that are visited at once')
        .argParser(whole(1, 100))
        .default(12),
    )
    .addOption(
      new Option(
        '--health-port <port>',
        'port of /healthz, /readyz and /metrics; default 8080, standalone none',
      ).argParser(whole(1, 65_535)),
    )
    .addOption(
      new Option('--log-level <level>', 'least level that is logged')
        .choices(['debug', 'info', 'warn', 'error'] as const)
        .default('info' as const),
    )
    .addOption(
      new Option('--log-format <format>', 'form of log lines')
        .choices(['text', 'json'] as const)
        .default('text' as const),
    )
    .addOption(
      new Option('--time-scale <factor>', 'how fast time runs, for tests beside the simulator')
        .argParser(whole(1, 200))
        .default(1),
    )
    .exitOverride()
    .parse(args, { from: 'user' });
  const options = command.opts();
  const names = Object.keys(options) as (keyof typeof options)[];
  return { options, said: names.filter((name) => command.getOptionValueSource(name) === 'cli') };
}

/** Options that mean nothing here, and whose author expects something. */
function refuse(said: readonly string[], names: readonly string[], why: string): void {
  const found = names.find((name) => said.includes(name));
  if (found === undefined) return;
  // Of the options that take something away there is this one.
  const option = found === 'leaderElect' ? 'noLeaderElect' : found;
  throw new Error(`--${option.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}: ${why}`);
}

function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`write a number from ${least} to ${most}.`);
  };
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
