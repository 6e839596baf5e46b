// Three hundred VirtualMachines with the program as it runs in a cluster: two managers of which one leads and a provider, each
// in a process of its own, so that what it takes can be told apart. Simulated work takes no time.
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { customResourceDefinitions } from '#crd/definition/custom-resource-definition';
import { DEPLOYMENTS, SERVICES } from '#kube/resource';
import { OWN_KINDS } from '#kube-sim/kinds/own-kinds';
import { startKubeSim } from '#kube-sim/server';
import { createClock } from '#runtime/clock';
import { createLogger } from '#runtime/log';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import { freeKind } from '../support/free-kind.ts';
import { type KubeUser, startKubeUser } from '../support/kube-user.ts';
import { cpuSeconds, type ManagerProcess, peakMib, startManagerProcess, WORKS } from '../support/manager-processes.ts';
import { type ProviderProcess, startProviderProcess } from '../support/processes.ts';
import { isReady, manifest, vmManifest } from '../support/vm-manifests.ts';
import { claimedVms, simWorld, strayVolumes } from '../support/world.ts';

const VMS = 300;
/** The other manager is left with as many. */
const MADE_BEFORE_KILL = VMS * 0.4;
const STEADY_MS = 30_000;
/** Of a core. */
const MOST_CPU = 0.1;
const PATIENCE_MS = 1_200_000;

interface Managed {
  readonly manager: ManagerProcess;
  readonly healthPort: number;
}

interface Load {
  readonly sim: Simulator;
  readonly provider: ProviderProcess;
  readonly user: KubeUser;
  readonly kubeconfig: string;
  stop(): Promise<void>;
}

const refusesNothing = (): readonly never[] => [];

async function startLoad(): Promise<Load> {
  const folder = mkdtempSync(join(tmpdir(), 'manager-load-'));
  const sim = await startSimulator({ timeScale: 0 });
  const provider = await startProviderProcess({ ...sim, clock: { ...sim.clock, factor: 1 } }, 0);
  const api = await startKubeSim({
    dataDir: folder,
    host: '127.0.0.1',
    port: 0,
    clock: createClock(),
    log: createLogger({ write: () => undefined }),
    kinds: [...OWN_KINDS, freeKind(DEPLOYMENTS, refusesNothing), freeKind(SERVICES, refusesNothing)],
    definitions: customResourceDefinitions(),
    name: 'kube-apiserver',
  });
  const { kubeconfig } = api;
  const user = await startKubeUser(kubeconfig, PATIENCE_MS);
  return {
    sim,
    provider,
    user,
    kubeconfig,
    stop: async () => {
      await user.close();
      await provider.kill('SIGTERM');
      await api.stop();
      await sim.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

async function startManager({ kubeconfig }: Load): Promise<Managed> {
  const healthPort = await freePort();
  const manager = startManagerProcess([
    `--kubeconfig=${kubeconfig}`,
    '--leader-election-namespace=default',
    `--health-port=${healthPort}`,
  ]);
  return { manager, healthPort };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function stopManager({ manager }: Managed): Promise<void> {
  manager.kill('SIGTERM');
  await manager.ended;
}

const name = (index: number): string => `load-${String(index).padStart(3, '0')}`;

async function applyAll({ user, provider }: Load): Promise<void> {
  await user.apply(
    manifest('Provider', 'prod', {
      type: 'proxmox',
      endpoint: `grpc://127.0.0.1:${provider.port}`,
      credentialSecretRef: { name: 'unused' },
      runtime: { mode: 'Remote', service: { tls: { enabled: false } } },
    }) +
      manifest('VMClass', 'small', { cpus: 1, memory: '512Mi' }) +
      manifest('VMImage', 'ubuntu', { source: 'ubuntu-22-template' }),
  );
  const userData = { cloudInit: { inline: '#cloud-config\n{}\n' } };
  for (let index = 0; index < VMS; index += 1) await user.apply(vmManifest(name(index), { userData }));
}

function ready({ user }: Load): number {
  return user.list('VirtualMachine').filter(isReady).length;
}

async function untilReady(load: Load, count: number): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  while (ready(load) < count) {
    if (Date.now() > end) throw new Error(`${ready(load)} of ${count} are ready`);
    await wait(100);
  }
}

/** Which of them holds the Lease; all of the others wait. */
async function leaderOf(managers: readonly Managed[]): Promise<Managed> {
  return await Promise.any(
    managers.map(async (one) => {
      await one.manager.said(WORKS);
      return one;
    }),
  );
}

interface Asked {
  /** Requests to the Kubernetes API. */
  readonly kube: number;
  /** Requests to Proxmox VE. */
  readonly pve: number;
}

async function asked({ sim }: Load, { healthPort }: Managed): Promise<Asked> {
  const answer = await fetch(`http://127.0.0.1:${healthPort}/metrics`);
  const rows = (await answer.text()).matchAll(/^rest_client_requests_total\{[^}]*\} (\d+)$/gm);
  return { kube: [...rows].reduce((sum, [, count]) => sum + Number(count), 0), pve: sim.journal.entries.length };
}

const line = (what: string, value: string): string => `  ${what.padEnd(52)} ${value}\n`;
const print = (...lines: readonly string[]): void => void process.stdout.write(lines.join(''));

async function expectOneEach({ sim, user }: Load): Promise<void> {
  const vms = await claimedVms(simWorld(sim));
  const told = user.list('VirtualMachine').map(({ status }) => String(status['id']));
  expect(vms.map(({ vmid }) => String(vmid)).toSorted()).toEqual(told.toSorted());
  expect(new Set(told).size).toBe(VMS);
  expect(vms.every(({ running, state }) => running && state === 'ready')).toBe(true);
  expect(strayVolumes(sim)).toEqual([]);
}

test(`${VMS} VirtualMachines become ready, and then take less than ${MOST_CPU * 100} % of a core`, async () => {
  const load = await startLoad();
  const managers = [await startManager(load), await startManager(load)];
  const leader = await leaderOf(managers);
  const began = performance.now();
  await applyAll(load);
  const applied = performance.now();
  await untilReady(load, VMS);
  const seconds = (performance.now() - began) / 1000;
  const making = await asked(load, leader);
  const makingCpu = cpuSeconds(leader.manager.pid);
  print(
    line(`from the first of ${VMS} applies to all ready`, `${seconds.toFixed(0)} s`),
    line('of which the applies took', `${((applied - began) / 1000).toFixed(0)} s`),
    line('requests to the Kubernetes API for each VM', (making.kube / VMS).toFixed(1)),
    line('requests to Proxmox VE for each VM', (making.pve / VMS).toFixed(1)),
    line('CPU of the manager for each VM', `${((makingCpu / VMS) * 1000).toFixed(0)} ms`),
    line('memory of the manager at its most', `${peakMib(leader.manager.pid).toFixed(0)} MiB`),
    line('memory of the provider at its most', `${peakMib(load.provider.pid).toFixed(0)} MiB`),
  );
  await expectOneEach(load);

  // Addresses of the guests are told by now.
  await wait(STEADY_MS / 3);
  const pids = [leader.manager.pid, load.provider.pid] as const;
  const [before, cpuBefore] = [await asked(load, leader), pids.map(cpuSeconds)];
  const steadyBegan = performance.now();
  await wait(STEADY_MS);
  const [after, cpuAfter] = [await asked(load, leader), pids.map(cpuSeconds)];
  const minutes = (performance.now() - steadyBegan) / 60_000;
  const [ofManager = 1, ofProvider = 1] = cpuAfter.map(
    (cpu, index) => (cpu - (cpuBefore[index] ?? 0)) / (minutes * 60),
  );
  const percent = (share: number): string => `${(share * 100).toFixed(1)} % of a core`;
  print(
    line('in the steady state the manager takes', percent(ofManager)),
    line('the provider', percent(ofProvider)),
    line('requests to the Kubernetes API', `${((after.kube - before.kube) / minutes).toFixed(0)} a minute`),
    line('requests to Proxmox VE', `${((after.pve - before.pve) / minutes).toFixed(0)} a minute`),
  );
  await Promise.all(managers.map(stopManager));
  await load.stop();
  expect(ofManager).toBeLessThan(MOST_CPU);
});

test(`a leader that is killed in the middle leaves the rest of ${VMS} VirtualMachines to the next one`, async () => {
  const load = await startLoad();
  const managers = [await startManager(load), await startManager(load)];
  const leader = await leaderOf(managers);
  const began = performance.now();
  await applyAll(load);
  await untilReady(load, MADE_BEFORE_KILL);
  leader.manager.kill('SIGKILL');
  await leader.manager.ended;
  const killed = performance.now();
  const [next] = managers.filter((one) => one !== leader);
  if (next === undefined) throw new Error('there is no other manager');
  await next.manager.said(WORKS);
  const taken = performance.now();
  await untilReady(load, VMS);
  const total = await asked(load, next);
  print(
    line(
      `all of ${VMS} ready, the leader killed after ${MADE_BEFORE_KILL}`,
      `${((performance.now() - began) / 1000).toFixed(0)} s`,
    ),
    line('until the next one has taken over', `${((taken - killed) / 1000).toFixed(0)} s`),
    line('requests to Proxmox VE for each VM', (total.pve / VMS).toFixed(1)),
    line('memory of the next one at its most', `${peakMib(next.manager.pid).toFixed(0)} MiB`),
  );
  await expectOneEach(load);
  await stopManager(next);
  await load.stop();
});
