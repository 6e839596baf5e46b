// Providers in this process, each on a port of the loopback: what a Provider has where there is no Kubernetes to run it.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ObjectRef } from '#domain/object-ref';
import { type CertificateAuthority, createAuthority } from '#runtime/certificates';
import type { ProviderAddress } from '../providers/providers.ts';
import { type EndpointMap, mapEndpoints } from './endpoint-map.ts';
import { ownVariables } from './environment.ts';
import { credentialsTrouble } from './credentials.ts';
import { clientTls, tlsTrouble } from './gate.ts';
import { failed, isPortTaken, notYet, portTrouble, runs, startFailed } from './in-process-states.ts';
import { serviceHost } from './names.ts';
import { readEntries, writeEntries } from './entry-files.ts';
import type { ProviderRunner, RunnerState, RunOrder } from './runner.ts';
import type { Entries } from './supplies.ts';

/** Starts providers within this process. */
export interface Launcher {
  launch(order: LaunchOrder): Promise<Launched>;
  /** Throws Error saying what is wrong with these settings, as `launch` would. */
  check(environment: Entries): void;
}

export interface LaunchOrder {
  readonly provider: ObjectRef;
  /** Everything the provider is told, the folders of its credentials and its certificates included. */
  readonly environment: Entries;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

export interface Launched {
  readonly port: number;
  /** Lets running calls finish. */
  close(): Promise<void>;
}

export interface InProcessOptions {
  readonly launcher: Launcher;
  /** Where credentials and certificates are laid, a folder for each Provider. */
  readonly folder: string;
  readonly endpoints?: EndpointMap;
  /** Real ms. */
  readonly now: () => number;
}

interface Running {
  /** What it was started with. */
  readonly settings: string;
  readonly address: ProviderAddress;
  readonly close: () => Promise<void>;
}

const HOST = '127.0.0.1';
/** As long as the process lives: each has an authority of its own. */
const CERTIFICATE_DAYS = 3650;

export function createInProcessRunner(options: InProcessOptions): ProviderRunner {
  const running = new Map<string, Running>();
  /** Ports that manifests name, and who has them. */
  const ports = new Map<number, string>();
  const issued = issueOnce(options.now);

  async function ensure(given: RunOrder): Promise<RunnerState> {
    const { wish } = given;
    const key = keyOf(wish);
    const before = running.get(key);
    const folder = join(options.folder, wish.namespace, wish.name);
    const order = before === undefined ? withLeft(given, folder) : given;
    // What was named and is gone has no say in one that runs: VMs may be waiting for their deletion.
    if (order.trouble !== undefined) return before === undefined ? notYet(order.trouble) : runs(before, wish);
    const unsafe = tlsTrouble(order);
    if (unsafe !== undefined) return before === undefined ? unsafe : { ...runs(before, wish), gate: unsafe.gate };
    const unfit = unfitFor(order);
    if (unfit !== undefined) return unfit;
    const gate = await gateOf(order, issued);
    const { environment, isMapped } = mapEndpoints(environmentOf(order, folder), options.endpoints ?? NOWHERE_ELSE);
    const files = credentialFiles(order.supplies.credentials ?? {}, isMapped);
    writeEntries(join(folder, 'credentials'), files);
    writeEntries(join(folder, 'tls'), gate);
    const settings = JSON.stringify([environment, wish.runtime.port, gate, Object.keys(files)]);
    if (before?.settings === settings) return runs(before, wish);
    const wrong = settingsTrouble(order, environment) ?? portHeld(key, wish.runtime.port);
    // What is wrong with its successor ends no provider that runs.
    if (wrong !== undefined) return { ...wrong, isAsBefore: true };
    // Nobody takes an answer of the next one for one of the last: they may reach different PVEs.
    order.world.providers.set(wish, undefined);
    await end(key);
    return await start(order, { key, settings, environment, gate });
  }

  function unfitFor({ wish, supplies }: RunOrder): RunnerState | undefined {
    const [first] = supplies.ofPods;
    if (first === undefined) return undefined;
    return { ...failed('NoSuchSource', `Provider ${keyOf(wish)}: ${first}`), isAsBefore: true };
  }

  function settingsTrouble({ wish }: RunOrder, environment: Entries): RunnerState | undefined {
    try {
      options.launcher.check(environment);
      return undefined;
    } catch (error) {
      return startFailed(keyOf(wish), error);
    }
  }

  function portHeld(key: string, port = 0): RunnerState | undefined {
    const holder = port === 0 ? undefined : ports.get(port);
    if (holder === undefined || holder === key) return undefined;
    return failed('PortTaken', portTrouble(key, port, `Provider ${holder} has it`));
  }

  async function start(
    { wish }: RunOrder,
    { key, settings, environment, gate }: { key: string; settings: string; environment: Entries; gate: Entries },
  ): Promise<RunnerState> {
    const { port = 0 } = wish.runtime;
    if (port !== 0) ports.set(port, key);
    try {
      const { namespace, name } = wish;
      const launched = await options.launcher.launch({ provider: { namespace, name }, environment, host: HOST, port });
      const tls =
        wish.runtime.tls.kind === 'off' ? undefined : clientTls(gate, serverName(wish.runtime.tls.kind, wish), wish);
      const address = { address: `${HOST}:${launched.port}`, tls, endpoint: wish.endpoint };
      const now = { settings, address, close: async () => await launched.close() };
      running.set(key, now);
      return runs(now, wish);
    } catch (error) {
      freePorts(key);
      if (isPortTaken(error)) return failed('PortTaken', portTrouble(key, port, 'another program has it'));
      return startFailed(key, error);
    }
  }

  async function end(key: string): Promise<void> {
    await running.get(key)?.close();
    running.delete(key);
    freePorts(key);
  }

  function freePorts(key: string): void {
    for (const [port, holder] of ports) if (holder === key) ports.delete(port);
  }

  return {
    ensure,
    concerns: [],
    remove: async (provider) => {
      await end(keyOf(provider));
      rmSync(join(options.folder, provider.namespace, provider.name), { recursive: true, force: true });
    },
    close: async () => {
      await Promise.all([...running.keys()].map(end));
    },
  };
}

/**
 * A Provider that is being deleted goes on with what was laid for it last, as one that runs does: in a namespace that is
 * being deleted nobody can create its Secrets again, and VMs are to be deleted through it.
 */
function withLeft(order: RunOrder, folder: string): RunOrder {
  if (order.provider.metadata.deletionTimestamp === undefined) return order;
  const { credentials = readEntries(join(folder, 'credentials')), tls = readEntries(join(folder, 'tls')) } =
    order.supplies;
  const supplies = { ...order.supplies, credentials, tls };
  return { ...order, supplies, trouble: credentialsTrouble(order.wish, supplies) };
}

const NOWHERE_ELSE: EndpointMap = { origins: new Map() };

function keyOf({ namespace, name }: ObjectRef): string {
  return `${namespace}/${name}`;
}

function environmentOf({ wish, supplies }: RunOrder, folder: string): Entries {
  return {
    ...ownVariables(wish),
    PROVIDER_NAMESPACE: wish.namespace,
    PROVIDER_NAME: wish.name,
    ...supplies.environment,
    VIRTRIGAUD_CREDENTIALS_DIR: join(folder, 'credentials'),
    VIRTRIGAUD_TLS_DIR: join(folder, 'tls'),
  };
}

/** The certificates it serves with; none where it does without. */
async function gateOf({ wish, supplies }: RunOrder, issued: () => Promise<Entries>): Promise<Entries> {
  const { kind } = wish.runtime.tls;
  return kind === 'issued' ? await issued() : (supplies.tls ?? {});
}

function serverName(kind: 'issued' | 'secret', provider: ObjectRef): string {
  return kind === 'issued' ? 'localhost' : serviceHost(provider);
}

/** One authority and one certificate for all providers of this process, and for us. */
function issueOnce(now: () => number): () => Promise<Entries> {
  let entries: Promise<Entries> | undefined;
  const issue = async (): Promise<Entries> => {
    const authority: CertificateAuthority = await createAuthority({
      subject: 'CN=virtrigaud-manager',
      now: now(),
      days: CERTIFICATE_DAYS,
    });
    const leaf = await authority.issue(['localhost', HOST], { days: CERTIFICATE_DAYS, isClientToo: true });
    return { 'tls.crt': leaf.cert, 'tls.key': leaf.key, 'ca.crt': authority.ca };
  };
  return async () => await (entries ??= issue());
}

/** Whoever is reached elsewhere has a CA of that place. */
function credentialFiles(entries: Entries, isMapped: boolean): Entries {
  const names = ['token_id', 'token_secret', 'username', 'password', ...(isMapped ? [] : ['ca.crt'])];
  return Object.fromEntries(Object.entries(entries).filter(([name]) => names.includes(name)));
}
