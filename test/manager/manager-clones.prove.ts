// A manager that ends at every call of PVE that a VMClone causes, with its provider: whoever comes after it finishes, once.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ManagerFlow, startManagerFlow } from '../support/manager-flow.ts';
import { createMoments } from '../support/moments.ts';
import { BASICS, isReady, manifest, vmManifest, vmOf } from '../support/vm-manifests.ts';
import { claimedVms, strayVolumes } from '../support/world.ts';

const moments = createMoments();
let flow: ManagerFlow;
beforeAll(async () => {
  flow = await startManagerFlow({ simulator: { timeScale: 100, latency: false, record: moments.record } });
  await flow.applyCredentials();
  await flow.apply(BASICS + vmManifest('source', { powerState: 'Off' }));
  await flow.until('VirtualMachine', 'source', isReady);
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

const CLONE = {
  sourceVMRef: { name: 'source' },
  customization: { userData: { cloudInit: { inline: '#!/bin/sh\n' } } },
};

it('makes each clone once, and its VirtualMachine has it, whenever the manager ends', async () => {
  let kills = 0;
  for (let nth = 1; nth <= 40; nth += 1) {
    const name = `cut-${nth}`;
    const making = killAt(nth);
    await flow.apply(manifest('VMClone', name, CLONE));
    const done = await flow.until('VMClone', name, isReady);
    const target = await flow.until('VirtualMachine', name, isReady);
    if (await making()) kills += 1;
    const vm = await vmOf(flow, name);
    expect([vm.state, vm.running, done.status['targetVMID'], target.status['id']]).toEqual([
      'ready',
      true,
      String(vm.vmid),
      String(vm.vmid),
    ]);
    await flow.delete('VirtualMachine', name);
    await flow.untilGone('VirtualMachine', name);
    expect(await claimedVms(flow.world, name)).toEqual([]);
  }
  expect(strayVolumes(flow.sim)).toEqual([]);
  console.log('Ends of the manager while a clone was made', kills);
  expect(kills).toBeGreaterThan(20);
});

it('a VMClone that is deleted in the middle leaves either nothing or a VirtualMachine', async () => {
  const left = { nothing: 0, vm: 0 };
  for (let nth = 1; nth <= 40; nth += 3) {
    const name = `given-up-${nth}`;
    const making = killAt(nth);
    await flow.apply(manifest('VMClone', name, CLONE));
    await flow.until('VMClone', name, (seen) => seen.status['startTime'] !== undefined);
    await flow.delete('VMClone', name);
    await flow.untilGone('VMClone', name);
    await making();
    const target = await flow.object('VirtualMachine', name);
    const vms = await claimedVms(flow.world, name);
    expect(vms).toHaveLength(target === undefined ? 0 : 1);
    left[target === undefined ? 'nothing' : 'vm'] += 1;
  }
  expect(strayVolumes(flow.sim)).toEqual([]);
  console.log('Left of VMClones that were deleted', left);
});

it('a VirtualMachine that has lost its status finds its VM again, also without its VMClone', async () => {
  await flow.apply(manifest('VMClone', 'restored', CLONE));
  const { status } = await flow.until('VirtualMachine', 'restored', isReady);
  await flow.delete('VMClone', 'restored');
  await flow.untilGone('VMClone', 'restored');
  // As a backup of objects gives them back.
  const lost = Object.fromEntries(Object.keys(status).map((field) => [field, null]));
  const { metadata } = (await flow.object('VirtualMachine', 'restored')) ?? {};
  const key = { name: 'restored', namespace: 'default' };
  const resource = {
    group: 'infra.virtrigaud.io',
    version: 'v1beta1',
    plural: 'virtualmachines',
    kind: 'VirtualMachine',
  };
  await flow.api.patch(resource, key, { status: lost }, { subresource: 'status' });
  // Somebody looks at it again.
  await flow.api.patch(resource, key, { metadata: { annotations: { ...metadata?.annotations, looked: 'at' } } });
  const found = await flow.until('VirtualMachine', 'restored', isReady);
  expect(found.status['id']).toBe(status['id']);
  const vm = await vmOf(flow, 'restored');
  expect(String(vm.vmid)).toBe(status['id']);

  // Its VM is gone: a clone is not made again.
  delete flow.sim.world.guests[vm.vmid];
  await flow.until('VirtualMachine', 'restored', (seen) => seen.condition('Ready') === 'False CloneGone');
  await flow.delete('VirtualMachine', 'restored');
  await flow.untilGone('VirtualMachine', 'restored');
});
