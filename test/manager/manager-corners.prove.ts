// What happens to a VirtualMachine at the wrong moment: its manager begins anew, its manifest changes while something goes on,
// what it refers to becomes another thing.
import { VIRTUAL_MACHINES } from '#crd/resources';
import { EVENTS } from '#kube/resource';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lastRequest, writesSince } from '../support/journal.ts';
import { type ManagerFlow, type Seen, startManagerFlow } from '../support/manager-flow.ts';
import { BASICS, isReady, manifest, vmManifest, vmOf } from '../support/vm-manifests.ts';

let flow: ManagerFlow;
beforeAll(async () => {
  flow = await startManagerFlow({ simulator: { timeScale: 100, latency: false } });
  await flow.applyCredentials();
  await flow.apply(BASICS);
});
afterAll(async () => await flow.stop());

async function made(name: string, spec: Readonly<Record<string, unknown>> = {}): Promise<Seen> {
  await flow.apply(vmManifest(name, spec));
  const isWell = (seen: Seen): boolean => isReady(seen) && ((seen.status['ips'] ?? []) as string[]).length > 0;
  return await flow.until('VirtualMachine', name, spec['powerState'] === 'Off' ? isReady : isWell);
}

const guestOf = (seen: Seen) => {
  const guest = flow.sim.world.guests[Number(seen.status['id'])];
  if (guest === undefined) throw new Error(`there is no guest ${String(seen.status['id'])}`);
  return guest;
};

async function annotate(name: string, annotations: Readonly<Record<string, string>>): Promise<void> {
  await flow.api.patch(VIRTUAL_MACHINES, { name, namespace: 'default' }, { metadata: { annotations } });
}

const restartAsked = (value: string) => ({ 'virtrigaud.io/restart-requested-at': value });
const restartOf = ({ status }: Seen) => (status['restart'] ?? {}) as { handled?: string; message?: string };

it('a manager that begins anew says nothing of VMs that is not so', async () => {
  const before = await made('steady');
  const lines = flow.log.length;
  const described = (): number =>
    flow.log.slice(lines).filter((line) => line.includes('method=/provider.v1.Provider/Describe')).length;
  await flow.restartManager();
  await expect.poll(described, { timeout: 30_000 }).toBeGreaterThan(2);
  const after = await flow.until('VirtualMachine', 'steady', isReady);
  expect(after.metadata).toEqual(before.metadata);
  expect(await flow.events('VirtualMachine', 'steady')).not.toContainEqual(expect.stringContaining('ProviderNotReady'));
});

describe('a restart that is asked for', () => {
  it('is made once, also where somebody changes the object while the guest shuts down', async () => {
    const seen = await made('busy');
    guestOf(seen).behaviour.shutdown = 'slow';
    const since = lastRequest(flow.sim);
    const reboots = (): number => writesSince(flow.sim, since).filter((write) => write.endsWith('/reboot')).length;
    await annotate('busy', restartAsked('now'));
    await expect.poll(reboots, { interval: 3, timeout: 30_000 }).toBe(1);
    expect(restartOf(await flow.until('VirtualMachine', 'busy', () => true)).handled).toBeUndefined();
    await annotate('busy', { note: 'changed meanwhile' });
    await flow.until('VirtualMachine', 'busy', (one) => restartOf(one).handled === 'now' && isReady(one));
    await flow.apply(vmManifest('busy', { tags: ['seen'] }));
    await flow.until(
      'VirtualMachine',
      'busy',
      (one) => isReady(one) && one.status['observedGeneration'] === one.metadata.generation,
    );
    expect(reboots()).toBe(1);
  });

  it('is made once, also where the manager ends while the guest shuts down', async () => {
    const seen = await made('handed-over');
    guestOf(seen).behaviour.shutdown = 'slow';
    const since = lastRequest(flow.sim);
    const reboots = (): number => writesSince(flow.sim, since).filter((write) => write.endsWith('/reboot')).length;
    await annotate('handed-over', restartAsked('now'));
    await expect.poll(reboots, { interval: 3, timeout: 30_000 }).toBe(1);
    await flow.restartManager();
    await flow.until('VirtualMachine', 'handed-over', (one) => restartOf(one).handled === 'now' && isReady(one));
    expect(reboots()).toBe(1);
  });

  it('is none where the VM is just being started', async () => {
    const seen = await made('asleep', { powerState: 'Off' });
    const since = lastRequest(flow.sim);
    await flow.apply(vmManifest('asleep', { powerState: 'On' }, { annotations: restartAsked('at once') }));
    const on = await flow.until(
      'VirtualMachine',
      'asleep',
      (one) => restartOf(one).handled === 'at once' && isReady(one),
    );
    expect(on.status['powerState']).toBe('On');
    expect(guestOf(seen).run).toBeDefined();
    expect(writesSince(flow.sim, since).filter((write) => /\/(reboot|shutdown|stop)$/.test(write))).toEqual([]);
  });
});

it('a VM that does not start is told to be created once, and no new one is made', async () => {
  flow.sim.faults.add([
    { method: 'POST', path: '/status/start', action: { answer: { status: 500, reason: 'no memory' } } },
  ]);
  await flow.apply(vmManifest('heavy'));
  const failures = (): number =>
    flow.log.filter((line) => line.includes('Power') && line.includes('code=') && !line.includes('code=OK')).length;
  const before = failures();
  await expect.poll(failures, { timeout: 30_000 }).toBeGreaterThan(before + 2);
  const { items } = await flow.api.list(EVENTS);
  const created = items.filter(
    ({ reason, involvedObject }) => reason === 'Created' && (involvedObject as { name: string }).name === 'heavy',
  );
  expect(created.map(({ count }) => count)).toEqual([1]);
  flow.sim.faults.clear();
  await flow.until('VirtualMachine', 'heavy', isReady);
  expect((await vmOf(flow, 'heavy')).running).toBe(true);
});

describe('a manifest that was refused', () => {
  it('before there was a VM may be put right by taking back what was wrong', async () => {
    await flow.apply(vmManifest('corrected', { networks: [{ name: 'lan', bridge: 'vmbr77' }] }));
    const refused = await flow.until('VirtualMachine', 'corrected', (seen) => seen.status['phase'] === 'Failed');
    expect(refused.message('Ready')).toContain('vmbr77');
    await flow.apply(vmManifest('corrected'));
    const ready = await flow.until('VirtualMachine', 'corrected', isReady);
    expect(ready.status['bound']).not.toHaveProperty('networks');
  });
});

describe('networks', () => {
  it('mean the same NICs by their names, in whichever order they come, and where the first is left out', async () => {
    const seen = await made('wired', { networks: [{ name: 'lan' }, { name: 'dmz' }] });
    const nic = (index: number): string => guestOf(seen).config[`net${index}`] ?? '';
    await flow.apply(vmManifest('wired', { networks: [{ name: 'dmz' }, { name: 'lan' }], tags: ['turned'] }));
    await expect.poll(() => guestOf(seen).config['tags'], { timeout: 30_000 }).toContain('turned');
    expect([nic(0), nic(1)]).toEqual([expect.stringContaining('vmbr0'), expect.stringContaining('vmbr1')]);
    await flow.apply(vmManifest('wired', { networks: [{ name: 'dmz', vlan: 7 }] }));
    await expect.poll(() => nic(1), { timeout: 30_000 }).toContain('tag=7');
    expect([nic(0), nic(1)]).toEqual([expect.stringContaining('vmbr0'), expect.stringContaining('vmbr1')]);
    expect(nic(0)).not.toContain('tag=');
  });
});

describe('what a VM was made with', () => {
  const secret = (text: string): string =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'first-boot' },
      data: { userdata: btoa(text) },
    });

  it('is told to be other user data, where only its Secret has changed, and no longer where that is as it was', async () => {
    await flow.apply(`${secret('#!/bin/sh\n# a\n')}\n`);
    await made('of-secret', { userData: { cloudInit: { secretRef: { name: 'first-boot' } } } });
    await flow.apply(`${secret('#!/bin/sh\n# b\n')}\n`);
    await flow.until(
      'VirtualMachine',
      'of-secret',
      (seen) => seen.condition('UserDataApplied') === 'False ReadAtFirstBoot',
    );
    await flow.apply(`${secret('#!/bin/sh\n# a\n')}\n`);
    await flow.until('VirtualMachine', 'of-secret', (seen) => seen.condition('UserDataApplied') === '');
  });

  it('inline is not kept once the manifest says something else, and is what it is made of again', async () => {
    await made('secretive', { userData: { cloudInit: { inline: '#!/bin/sh\n# password\n' } } });
    await flow.apply(vmManifest('secretive', { userData: { cloudInit: { secretRef: { name: 'first-boot' } } } }));
    const seen = await flow.until(
      'VirtualMachine',
      'secretive',
      (one) => one.condition('UserDataApplied') === 'False ReadAtFirstBoot' && isReady(one),
    );
    expect(JSON.stringify(seen.status)).not.toContain('password');
    await flow.apply(vmManifest('secretive'));
    const excerpt = await flow.until(
      'VirtualMachine',
      'secretive',
      (one) => isReady(one) && one.status['observedGeneration'] === one.metadata.generation,
    );
    expect(excerpt.status['bound']).toMatchObject({ userData: { cloudInit: { secretRef: { name: 'first-boot' } } } });
    expect(excerpt.condition('UserDataApplied')).toBe('False ReadAtFirstBoot');
  });
});

describe('where a VM is', () => {
  it('is told where its manifest, or its policy, names another place by now', async () => {
    await made('placed', { placement: { host: 'pve2' }, powerState: 'Off' });
    const { node } = await vmOf(flow, 'placed');
    expect(node).toBe('pve2');
    await flow.apply(vmManifest('placed', { placement: { host: 'pve1' }, powerState: 'Off' }));
    const seen = await flow.until('VirtualMachine', 'placed', (one) => one.condition('PlacementApplied') !== '');
    expect(seen.message('PlacementApplied')).toMatch(
      /^VM \d+ is on pve2, and is not moved to pve1, which spec\.placement\.host names\.$/,
    );
    await flow.apply(
      vmManifest('placed', { powerState: 'Off' }) +
        manifest('VMPlacementPolicy', 'elsewhere', { nodeSelector: ['pve3'] }),
    );
    const followed = await flow.until(
      'VirtualMachine',
      'placed',
      (one) => one.condition('PolicyHonoured') === 'False OnAnotherNode',
    );
    expect(followed.message('PolicyHonoured')).toMatch(
      /^VM \d+ is on pve2, and is not moved: VMPlacementPolicy elsewhere names pve3\.$/,
    );
    expect(followed.condition('PlacementApplied')).toBe('');
    await flow.apply(manifest('VMPlacementPolicy', 'elsewhere', { nodeSelector: ['pve3', 'pve2'] }));
    await flow.until('VirtualMachine', 'placed', (one) => one.condition('PolicyHonoured') === 'True Honoured');
    await flow.delete('VMPlacementPolicy', 'elsewhere');
  });
});
