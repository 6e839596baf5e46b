// The program `pve-sim`: its options, what it prints, and its end.
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { z } from 'zod';
import type { ClusterData } from './clusters/cluster-data.ts';
import { parseClusterFile } from './clusters/cluster-file.ts';
import { CLUSTERS } from './clusters/clusters.ts';
import { largeCluster } from './clusters/large-cluster.ts';
import { faultRule, type FaultRule } from './faults.ts';
import { PROFILE_NAMES } from './profiles/profiles.ts';
import { type Simulator, startSimulator } from './simulator.ts';

/** What one machine has room for. */
const MOST_NODES = 64;

export interface CommandOptions {
  /** Without the program's own name. */
  readonly args: readonly string[];
  readonly write: (line: string) => void;
  /** Resolves when the program is to end. */
  readonly interrupted: Promise<void>;
}

/** Runs until interrupted. Rejects with what is wrong with the options, or why it cannot start. */
export async function runPveSim({ args, write, interrupted }: CommandOptions): Promise<void> {
  const options = parseOptions(args);
  const record = options.record === undefined ? undefined : await openRecord(options.record);
  const simulator = await startSimulator({
    cluster:
      options.nodes === undefined
        ? await readCluster(options.cluster)
        : largeCluster({ nodes: options.nodes, guests: options.guests }),
    ...(options.profile === undefined ? {} : { profile: options.profile }),
    host: options.host,
    port: options.port,
    controlPort: options.controlPort,
    timeScale: options.timeScale,
    seed: options.seed,
    tls: options.tls,
    latency: options.latency,
    ...(record === undefined ? {} : { record: (entry) => void record.write(`${JSON.stringify(entry)}\n`) }),
    faults: options.faults === undefined ? [] : await readFaults(options.faults),
  });
  const caPath = options.tls ? await writeCa(simulator, options.stateDir) : undefined;
  for (const line of describe(simulator, caPath)) write(line);
  await interrupted;
  await simulator.stop();
  if (record !== undefined) await promisify(record.end.bind(record))();
  if (caPath !== undefined && options.stateDir === undefined) await rm(dirname(caPath), { recursive: true });
}

function parseOptions(args: readonly string[]) {
  return new Command('pve-sim')
    .description(
      'Plays a Proxmox VE cluster: its API over HTTPS, one port per node, and a control endpoint on loopback.',
    )
    .option('--host <address>', 'where the nodes listen', '127.0.0.1')
    .option('--port <number>', 'port of the first node, the next ones follow; 0 takes any free ones', port, 8006)
    .option('--control-port <number>', 'port of the control endpoint; 0 takes any free one', port, 8010)
    .option(
      '--cluster <name or file>',
      `what is there: ${Object.keys(CLUSTERS).join(', ')}, or a JSON file`,
      'three-node',
    )
    .addOption(
      new Option('--nodes <number>', 'a generated cluster of so many nodes instead')
        .argParser(count)
        .conflicts('cluster'),
    )
    .addOption(
      new Option('--guests <number>', 'with --nodes: so many guests on them').argParser(wholeNumber).default(0),
    )
    .option(
      '--profile <version>',
      `the PVE version, or node=version pairs with commas: ${PROFILE_NAMES.join(', ')}`,
      profile,
    )
    .option('--time-scale <factor>', 'how much faster than real time, 0 to 200; 0 is as fast as possible', factor, 1)
    .option('--seed <number>', 'the same seed gives the same secrets, MACs and moments', wholeNumber, 1)
    .option('--no-latency', 'answers as soon as it can; tasks still take their time')
    .option('--no-tls', 'plain HTTP')
    .option('--faults <file>', 'fault rules, a JSON array')
    .option('--record <file>', 'writes every answered call there, one JSON object per line')
    .option('--state-dir <folder>', 'where the CA is written; a new temporary folder by default')
    .exitOverride()
    .parse(args, { from: 'user' })
    .opts();
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It has to be a whole number.');
  return Number(text);
}

/** `8.4`, or `pve1=8.4,pve2=9.1`. */
function profile(text: string): string | Record<string, string> {
  if (!text.includes('=')) return checkedProfile(text);
  return Object.fromEntries(
    text.split(',').map((pair) => {
      const [node = '', version = ''] = pair.split('=');
      return [node, checkedProfile(version)];
    }),
  );
}

function checkedProfile(version: string): string {
  if (PROFILE_NAMES.includes(version)) return version;
  throw new InvalidArgumentError(`There is no profile '${version}'; known: ${PROFILE_NAMES.join(', ')}.`);
}

function count(text: string): number {
  const value = wholeNumber(text);
  if (value < 1 || value > MOST_NODES) throw new InvalidArgumentError(`It has to be 1 to ${MOST_NODES}.`);
  return value;
}

function port(text: string): number {
  const value = wholeNumber(text);
  if (value > 65_535) throw new InvalidArgumentError('It has to be a port, 0 to 65535.');
  return value;
}

function factor(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 200))
    throw new InvalidArgumentError('It has to be within 0 to 200.');
  return value;
}

/** @throws where the file cannot be written */
async function openRecord(path: string): Promise<WriteStream> {
  const stream = createWriteStream(path);
  await once(stream, 'open');
  return stream;
}

async function readCluster(nameOrFile: string): Promise<string | ClusterData> {
  if (CLUSTERS[nameOrFile] !== undefined) return nameOrFile;
  const known = Object.keys(CLUSTERS).join(', ');
  const text = await readFile(nameOrFile, 'utf8').catch((error: unknown) => {
    throw new Error(`'${nameOrFile}' is no cluster (${known}) and no file that can be read: ${String(error)}`, {
      cause: error,
    });
  });
  try {
    return parseClusterFile(text);
  } catch (error) {
    throw new Error(
      `the cluster of ${nameOrFile} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}

async function readFaults(path: string): Promise<FaultRule[]> {
  const text = await readFile(path, 'utf8');
  try {
    return z.array(faultRule).parse(JSON.parse(text));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    throw new Error(`the fault rules of ${path} cannot be read: ${why}`, { cause: error });
  }
}

async function writeCa(simulator: Simulator, folder: string | undefined): Promise<string> {
  const target = folder === undefined ? await mkdtemp(join(tmpdir(), 'pve-sim-')) : resolve(folder);
  await mkdir(target, { recursive: true });
  const path = join(target, 'ca.pem');
  await writeFile(path, simulator.ca);
  return path;
}

function describe(simulator: Simulator, caPath: string | undefined): string[] {
  const { nodes, token, rootToken, rootPassword, controlUrl } = simulator;
  return [
    ...nodes.map(({ name, url }) => `node ${name} ${url}`),
    `token ${token.id}=${token.secret}`,
    `root token ${rootToken.id}=${rootToken.secret}`,
    `root password ${rootPassword}`,
    ...(caPath === undefined ? [] : [`ca ${caPath}`]),
    ...(controlUrl === undefined ? [] : [`control ${controlUrl}`]),
    'ready',
  ];
}
