// A manager that ends at every call of PVE that its VMs cause, with its provider: whoever comes after it finishes, once.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ManagerFlow, startManagerFlow } from '../support/manager-flow.ts';
import { createMoments } from '../support/moments.ts';
import { BASICS, isReady, vmManifest, vmOf } from '../support/vm-manifests.ts';
import { claimedVms, strayVolumes } from '../support/world.ts';

const moments = createMoments();
let flow: ManagerFlow;
beforeAll(async () => {
  flow = await startManagerFlow({ simulator: { timeScale: 100, latency: false, record: moments.record } });
  await flow.applyCredentials();
  await flow.apply(BASICS);
  await flow.until('Provider', 'prod', isReady);
});
afterAll(async () => await flow.stop());

/** Ends the manager at the nth call from now on. @returns whether that has come, and the next one is there */
function killAt(nth: number): () => Promise<boolean> {
  let next: Promise<void> = Promise.resolve();
  const hasCome = moments.atCall(nth, () => {
    next = flow.restartManager();
  });
  return async () => {
    moments.clear();
    await next;
    return hasCome();
  };
}

const SPEC = {
  disks: [{ name: 'root', size: '10Gi' }],
  userData: { cloudInit: { inline: '#!/bin/sh\n' } },
};

it('makes, changes and deletes each VM once, whenever its manager ends', async () => {
  const kills = { made: 0, changed: 0, deleted: 0 };
  for (let nth = 1; nth <= 40; nth += 1) {
    const name = `kill-${nth}`;
    const making = killAt(nth);
    await flow.apply(vmManifest(name, SPEC));
    const seen = await flow.until('VirtualMachine', name, isReady);
    if (await making()) kills.made += 1;
    const vm = await vmOf(flow, name);
    expect([vm.state, vm.running, seen.status['id']]).toEqual(['ready', true, String(vm.vmid)]);

    const changing = killAt(nth);
    await flow.apply(vmManifest(name, { ...SPEC, classRef: { name: 'large' }, powerState: 'Off' }));
    await flow.until(
      'VirtualMachine',
      name,
      (one) => isReady(one) && one.condition('UpToDate') === 'True Applied' && one.status['phase'] === 'Stopped',
    );
    if (await changing()) kills.changed += 1;
    const changed = await vmOf(flow, name);
    expect([changed.vmid, changed.running, changed.config['memory']]).toEqual([vm.vmid, false, '4096']);

    const deleting = killAt(nth);
    await flow.delete('VirtualMachine', name);
    await flow.untilGone('VirtualMachine', name);
    if (await deleting()) kills.deleted += 1;
    expect(await claimedVms(flow.world, name)).toEqual([]);
  }
  expect(strayVolumes(flow.sim)).toEqual([]);
  console.log('Ends of the manager while a VM was', kills);
  expect(kills.made).toBeGreaterThan(20);
});

it('deletes what it never heard the id of', async () => {
  for (let nth = 1; nth <= 25; nth += 2) {
    const name = `unheard-${nth}`;
    const making = killAt(nth);
    await flow.apply(vmManifest(name, SPEC));
    await flow.until('VirtualMachine', name, (seen) => seen.status['createRequested'] === true);
    await flow.delete('VirtualMachine', name);
    await flow.untilGone('VirtualMachine', name);
    await making();
    expect(await claimedVms(flow.world, name)).toEqual([]);
  }
  expect(strayVolumes(flow.sim)).toEqual([]);
});
