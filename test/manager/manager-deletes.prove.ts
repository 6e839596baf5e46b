// V1: whatever stands in the way of a deletion: what is to be deleted stays, with a condition that says why; nobody asks all
// the time; and when it is set right, all of it goes, in PVE first.
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { startSimulator } from '#pve-sim/simulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Deletable, makeDeletables, refusingTargets } from '../support/deletables.ts';
import { type ManagerFlow, type Seen, startManagerFlow } from '../support/manager-flow.ts';
import { revoke } from '../support/rights.ts';
import { until } from '../support/until.ts';
import { BASICS, isReady, manifest, vmManifest, vmOf } from '../support/vm-manifests.ts';
import { addImages } from '../support/web-images.ts';
import { strayVolumes } from '../support/world.ts';

let flow: ManagerFlow;
beforeAll(async () => {
  flow = await startManagerFlow({ simulator: { timeScale: 50, latency: false }, wrapApi: refusingTargets });
  addImages(flow.sim);
  await flow.applyCredentials();
  await flow.apply(BASICS + vmManifest('host'));
  await flow.until('VirtualMachine', 'host', isReady);
});
afterAll(async () => await flow.stop());

type Heal = () => unknown;

interface Trouble {
  readonly begin: () => Promise<Heal> | Heal;
  /** Reason and message of `Ready`. */
  readonly says: RegExp;
  /** Of snapshots: their provider waits within the call. */
  readonly saysOfSnapshot?: RegExp;
}

const PROVIDER = {
  type: 'proxmox',
  endpoint: 'https://pve.example.com:8006',
  credentialSecretRef: { name: 'pve-credentials' },
};
const provider = (more: object = {}): string => manifest('Provider', 'prod', { ...PROVIDER, ...more });
const PROVIDERS = { group: 'infra.virtrigaud.io', version: 'v1beta1', plural: 'providers', kind: 'Provider' };

async function asIs(heal: Heal): Promise<void> {
  await heal();
  await flow.until('Provider', 'prod', isReady);
}

const TROUBLES: Readonly<Record<string, Trouble>> = {
  'PVE is down': {
    begin: async () => {
      for (const { name } of flow.sim.nodes) await flow.sim.setDaemon(name, 'api', 'stopped');
      return async () => {
        for (const { name } of flow.sim.nodes) await flow.sim.setDaemon(name, 'api', 'running');
      };
    },
    says: /^False (Busy|PVEUnreachable) .*PVE/,
    saysOfSnapshot: /^False (Deleting|Busy|NotPossibleNow|PVEUnreachable|Unauthenticated|CredentialsRefused)/,
  },
  'PVE does not reach its nodes': {
    begin: () => {
      flow.sim.faults.add([
        { path: '/nodes/[^/]+/qemu', action: { answer: { status: 595, reason: 'No route to host' } } },
      ]);
      return () => flow.sim.faults.clear();
    },
    says: /^False (NotPossibleNow|Busy) .*No route to host/,
  },
  'PVE answers every write with 500': {
    begin: () => {
      const action = { answer: { status: 500, reason: 'got timeout' } };
      flow.sim.faults.add(['POST', 'PUT', 'DELETE'].map((method) => ({ method, path: '/qemu/', action })));
      return () => flow.sim.faults.clear();
    },
    says: /^False NotPossibleNow .*got timeout/,
    saysOfSnapshot: /^False (Deleting|Busy|NotPossibleNow|PVEUnreachable|Unauthenticated|CredentialsRefused)/,
  },
  'the credentials are refused': {
    begin: async () => {
      await flow.applyCredentials('pve-credentials', { token_id: flow.sim.token.id, token_secret: 'wrong' });
      await flow.until('Provider', 'prod', (seen) => seen.condition('Healthy') === 'False CredentialsRefused');
      return async () => await flow.applyCredentials();
    },
    says: /^False \w+ .*credentials/,
    saysOfSnapshot: /^False (Deleting|Busy|NotPossibleNow|PVEUnreachable|Unauthenticated|CredentialsRefused)/,
  },
  'VMs are hidden from the token': {
    begin: () => {
      const heals = [
        revoke(flow.sim, 'VM.Audit', '/vms', ['user', 'token']),
        revoke(flow.sim, 'VM.Audit', '/', ['user', 'token']),
      ];
      return () => heals.toReversed().forEach((heal) => heal());
    },
    says: /^False Forbidden .*VM\.Audit/,
  },
  'the provider cannot start': {
    begin: async () => {
      const stranger = createServer().listen(0, '127.0.0.1');
      await new Promise((resolve) => stranger.once('listening', resolve));
      const { port } = stranger.address() as AddressInfo;
      await flow.apply(provider({ runtime: { service: { port } } }));
      await flow.until('Provider', 'prod', (seen) => seen.condition('Ready') === 'False PortTaken');
      return async () => {
        await new Promise((resolve) => stranger.close(resolve));
        await flow.apply(provider());
      };
    },
    says: /^False ProviderNotReady .*another program has it/,
  },
  'the Secret is gone, and the manager is another one': {
    begin: async () => {
      await flow.delete('Secret', 'pve-credentials');
      await flow.restartManager();
      await flow.until('Provider', 'prod', (seen) => seen.condition('Ready') === 'False SecretNotFound');
      return async () => await flow.applyCredentials();
    },
    says: /^False ProviderNotReady .*there is no Secret default\/pve-credentials\. Create it/,
  },
  'the Provider is gone': {
    begin: async () => {
      await flow.delete('Provider', 'prod');
      await flow.api.patch(PROVIDERS, { name: 'prod', namespace: 'default' }, { metadata: { finalizers: null } });
      await flow.untilGone('Provider', 'prod');
      return async () => await flow.apply(provider());
    },
    says: /^False ProviderNotFound .*Create it again, or set the annotation virtrigaud\.io\/force-delete: "true"/,
  },
  'another Provider has its name, at another PVE': {
    begin: async () => {
      const other = await startSimulator({ cluster: 'three-node', timeScale: 50, port: 0, latency: false });
      const { id, secret } = other.token;
      await flow.applyCredentials('other', { token_id: id, token_secret: secret, 'ca.crt': other.ca });
      const its = { endpoint: other.nodes[0]?.url, credentialSecretRef: { name: 'other' } };
      await flow.delete('Provider', 'prod');
      await flow.api.patch(PROVIDERS, { name: 'prod', namespace: 'default' }, { metadata: { finalizers: null } });
      await flow.untilGone('Provider', 'prod');
      await flow.apply(provider(its));
      await flow.until('Provider', 'prod', isReady);
      // Neither is one that is not deleted made there a second time.
      await flow.until('VirtualMachine', 'host', (seen) => seen.condition('Ready') === 'False ProviderReplaced');
      return async () => {
        expect(Object.keys(other.world.guests).length).toBe(guestsAtFirst);
        await flow.apply(provider());
        await other.stop();
      };
    },
    says: /^False ProviderReplaced .*Set the Provider's endpoint back, or set the annotation/,
  },
};
let guestsAtFirst = 0;

describe.each(Object.entries(TROUBLES))('%s', (title, { begin, says, saysOfSnapshot = says }) => {
  const mark = String(Object.keys(TROUBLES).indexOf(title));
  let deletables: readonly Deletable[];

  it('what is deleted waits, says why, and goes when it is over', async () => {
    guestsAtFirst = Object.keys((await freshWorld()).guests).length;
    deletables = await makeDeletables(flow, mark);
    const heal = await begin();
    try {
      for (const { kind, name } of deletables) await flow.delete(kind, name);
      for (const { kind, name } of deletables) {
        const expected = kind === 'VMSnapshot' ? saysOfSnapshot : says;
        await flow.until(kind, name, (seen) => expected.test(`${seen.condition('Ready')} ${seen.message('Ready')}`));
      }
      const { requests } = await askedIn(60_000);
      expect(requests).toBeLessThan(MOST_REQUESTS);
      for (const one of deletables) expect([one.kind, await one.isThere()]).toEqual([one.kind, true]);
    } finally {
      await asIs(heal);
    }
    for (const { kind, name } of deletables) await flow.untilGone(kind, name);
    for (const one of deletables) expect([one.kind, await one.isThere()]).toEqual([one.kind, false]);
    expect(strayVolumes(flow.sim)).toEqual([]);
    await flow.until('VirtualMachine', 'host', isReady);
  });
});

/** What PVE refuses, or does not finish. */
const REFUSALS: Readonly<Record<string, { readonly begin: (vmid: number) => () => void; readonly says: RegExp }>> = {
  'is protected': {
    begin: (vmid) => {
      guest(vmid).config['protection'] = '1';
      return () => delete guest(vmid).config['protection'];
    },
    says: /^False NotPossibleNow .*protected against removal\. Switch its protection off/,
  },
  'is being backed up': {
    begin: (vmid) => {
      guest(vmid).config['lock'] = 'backup';
      return () => delete guest(vmid).config['lock'];
    },
    says: /^False \w+ .*locked \(backup\)/,
  },
  'is managed by HA': {
    begin: (vmid) => {
      const { resources } = flow.sim.world.ha;
      resources[`vm:${vmid}`] = { type: 'vm', options: { state: 'started' } };
      return () => delete resources[`vm:${vmid}`];
    },
    says: /^False Forbidden .*HA manages it/,
  },
  'loses the worker that destroys it': {
    begin: (vmid) => {
      flow.sim.faults.add([{ task: 'qmdestroy', count: 1, action: { killWorker: 'TERM', afterMs: 100 } }]);
      return () => {
        flow.sim.faults.clear();
        // As the message says: "qm unlock", then "qm destroy".
        const { guests, volumes } = flow.sim.world;
        delete guests[vmid];
        for (const [key, volume] of Object.entries(volumes)) if (volume.vmid === vmid) delete volumes[key];
      };
    },
    says: /^False \w+ .*locked \(destroyed\).*qm unlock/,
  },
};

function guest(vmid: number) {
  const found = flow.sim.world.guests[vmid];
  if (found === undefined) throw new Error(`there is no VM ${vmid}`);
  return found;
}

describe.each(Object.entries(REFUSALS))('a VM that %s', (title, { begin, says }) => {
  it('waits, says why once, is asked for later and later, and goes when that is over', async () => {
    const name = `refused-${Object.keys(REFUSALS).indexOf(title)}`;
    await flow.apply(vmManifest(name));
    await flow.until('VirtualMachine', name, isReady);
    const { vmid } = await vmOf(flow, name);
    const heal = begin(vmid);
    await flow.delete('VirtualMachine', name);
    const told = (seen: Seen): boolean => says.test(`${seen.condition('Ready')} ${seen.message('Ready')}`);
    const seen = await flow.until('VirtualMachine', name, told);
    const { requests } = await askedIn(60_000);
    expect(requests).toBeLessThan(MOST_REQUESTS);
    const events = (await flow.events('VirtualMachine', name)).filter((event) => event.includes(seen.message('Ready')));
    expect(events).toHaveLength(1);
    heal();
    await flow.untilGone('VirtualMachine', name);
    expect(flow.sim.world.guests[vmid]).toBeUndefined();
    expect(strayVolumes(flow.sim)).toEqual([]);
  });
});

async function freshWorld() {
  const sim = await startSimulator({ cluster: 'three-node', port: 0 });
  await sim.stop();
  return sim.world;
}

/** In a minute, with a Provider and a VM that are looked after: an object that is asked for all the time makes thousands. */
const MOST_REQUESTS = 200;

/** Requests to PVE in so many ms of the world's time. */
async function askedIn(ms: number): Promise<{ requests: number }> {
  const from = flow.sim.clock.now();
  const before = flow.sim.journal.entries.length;
  await until(
    async () => await Promise.resolve(flow.sim.clock.now() - from),
    (passed) => passed > ms,
  );
  return { requests: flow.sim.journal.entries.length - before };
}
