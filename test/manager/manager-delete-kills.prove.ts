// V1: a namespace is deleted with everything in it, its Provider and its Secret too, while the manager ends at any call of PVE
// and after any write of its own: nothing is left in PVE, nothing of others is touched, and no object stays.
import type { Resource } from '#kube/resource';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeDeletables, refusingTargets } from '../support/deletables.ts';
import { isForeignApi } from '../support/flow-api.ts';
import { type ManagerFlow, startManagerFlow } from '../support/manager-flow.ts';
import { createMoments } from '../support/moments.ts';
import { until } from '../support/until.ts';
import { BASICS, isReady, vmManifest } from '../support/vm-manifests.ts';
import { addImages } from '../support/web-images.ts';
import { createWriteMoments } from '../support/write-moments.ts';

const NAMESPACES: Resource = { group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', namespaced: false };

/** At a server of its own, which takes ten seconds for the end of a namespace, every moment is too many. */
const EVERY = isForeignApi ? { call: 30, write: 4 } : { call: 7, write: 1 };
const LEAST_KILLS = isForeignApi ? 3 : 8;

const moments = createMoments();
const writes = createWriteMoments();
let flow: ManagerFlow;
beforeAll(async () => {
  flow = await startManagerFlow({
    simulator: { timeScale: 50, latency: false, record: moments.record },
    wrapApi: (api) => writes.wrap(refusingTargets(api)),
  });
  addImages(flow.sim);
});
afterAll(async () => await flow.stop());

/** Guests and volumes, whoever has them. */
async function footprint(): Promise<readonly string[]> {
  const guests = Object.keys(flow.sim.world.guests).map((vmid) => `guest ${vmid}`);
  return [...guests, ...(await flow.world.volumes())];
}

async function fill(namespace: string): Promise<void> {
  await flow.api.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  const { id, secret } = flow.sim.token;
  const stringData = { token_id: id, token_secret: secret };
  const credentials = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'pve-credentials', namespace },
    stringData,
  };
  const basics = BASICS.replaceAll(/^metadata:\n/gm, `metadata:\n  namespace: ${namespace}\n`);
  await flow.apply(`${JSON.stringify(credentials)}\n---\n${basics}${vmManifest('host', {}, { namespace })}`);
  await flow.until('VirtualMachine', 'host', isReady, namespace);
  await makeDeletables(flow, 'all', namespace);
}

async function empty(namespace: string): Promise<void> {
  await flow.api.delete(NAMESPACES, { name: namespace });
  await until(
    async () => await flow.api.get(NAMESPACES, { name: namespace }),
    (left) => left === undefined,
  );
}

/** @param arm readies the end of the manager. @returns whether it has come */
async function round(namespace: string, arm: (end: () => void) => () => boolean): Promise<boolean> {
  const before = await footprint();
  await fill(namespace);
  let next: Promise<void> = Promise.resolve();
  const hasCome = arm(() => {
    next = flow.restartManager();
  });
  await empty(namespace);
  moments.clear();
  writes.clear();
  await next;
  expect(await footprint()).toEqual(before);
  return hasCome();
}

it('goes with everything in it', async () => {
  await round('whole', () => () => false);
});

it('whichever call of PVE the manager ends at', async () => {
  let kills = 0;
  for (let nth = 1; ; nth += EVERY.call) {
    if (!(await round(`call-${nth}`, (end) => moments.atCall(nth, end)))) break;
    kills += 1;
  }
  console.log('Ends of the manager at calls of PVE while a namespace was deleted', kills);
  expect(kills).toBeGreaterThanOrEqual(LEAST_KILLS);
});

it('whichever of its writes the manager ends after', async () => {
  let kills = 0;
  for (let nth = 1; await round(`write-${nth}`, (end) => writes.atWrite(nth, end)); nth += EVERY.write) kills += 1;
  console.log('Ends of the manager after writes while a namespace was deleted', kills);
  expect(kills).toBeGreaterThanOrEqual(LEAST_KILLS);
});
