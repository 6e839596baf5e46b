// V1: deletions that meet something else: other finalizers, people who take ours away, work that is under way, successors of
// the same name, owners. What is ours goes, once; what is not stays.
import type { MergePatch } from '#kube/api';
import type { Resource } from '#kube/resource';
import { VIRTUAL_MACHINES, VM_CLONES, VM_IMAGES, VM_SNAPSHOTS } from '#crd/resources';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeDeletables, refusingTargets } from '../support/deletables.ts';
import { lastRequest, writesSince } from '../support/journal.ts';
import { type ManagerFlow, type Seen, startManagerFlow } from '../support/manager-flow.ts';
import { createMoments } from '../support/moments.ts';
import { until } from '../support/until.ts';
import { BASICS, isReady, manifest, vmManifest, vmOf } from '../support/vm-manifests.ts';
import { addImages, RAW_SHA256, takeSeconds, WEB } from '../support/web-images.ts';
import { claimedVms, strayVolumes } from '../support/world.ts';

const moments = createMoments();
let flow: ManagerFlow;
beforeAll(async () => {
  flow = await startManagerFlow({
    simulator: { timeScale: 50, latency: false, record: moments.record },
    wrapApi: refusingTargets,
  });
  addImages(flow.sim);
  await flow.applyCredentials();
  await flow.apply(BASICS + vmManifest('host'));
  await flow.until('VirtualMachine', 'host', isReady);
});
afterAll(async () => await flow.stop());

const FORCED = { metadata: { annotations: { 'virtrigaud.io/force-delete': 'true' } } };
const NAMESPACES: Resource = { group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', namespaced: false };

async function made(name: string, metadata: object = {}): Promise<Seen> {
  await flow.apply(vmManifest(name, {}, metadata));
  return await flow.until('VirtualMachine', name, isReady);
}

async function change(resource: Resource, name: string, patch: MergePatch): Promise<void> {
  await flow.api.patch(resource, { name, namespace: 'default' }, patch);
}

async function gone(kind: string, name: string): Promise<void> {
  await flow.delete(kind, name);
  await flow.untilGone(kind, name);
}

/** PVE answers nobody until the result is called. */
function refuseAll(): () => void {
  flow.sim.faults.add([{ path: '.*', action: { dropBefore: true } }]);
  return () => flow.sim.faults.clear();
}

/** Calls of Delete that the provider has not answered yet. */
function deletesNow(): number {
  const said = (what: string): number =>
    flow.log.filter((line) => line.includes(`gRPC request ${what}`) && /\/Delete(\s|$)/.test(line)).length;
  return said('started') - said('completed');
}

describe('finalizers', () => {
  it('of a stranger: the VM goes, the object says that it is gone and who keeps it, and nobody asks PVE any more', async () => {
    await made('kept', { finalizers: ['example.com/backup'] });
    await flow.delete('VirtualMachine', 'kept');
    const left = await flow.until('VirtualMachine', 'kept', (seen) => seen.condition('Ready') === 'False Deleted');
    expect(left.message('Ready')).toBe('Nothing is left to do for us: example.com/backup keeps it.');
    expect(left.metadata.finalizers).toEqual(['example.com/backup']);
    expect(await claimedVms(flow.world, 'kept')).toEqual([]);
    await change(VIRTUAL_MACHINES, 'kept', { metadata: { labels: { looked: 'at' } } });
    await made('meanwhile');
    expect(await claimedVms(flow.world, 'kept')).toEqual([]);
    await change(VIRTUAL_MACHINES, 'kept', { metadata: { finalizers: null } });
    await flow.untilGone('VirtualMachine', 'kept');
    await gone('VirtualMachine', 'meanwhile');
  });

  it('of ours, taken away by a person in the middle: its VM is left alone, also by a successor of the name', async () => {
    const { status } = await made('abandoned');
    const config: Record<string, string | undefined> = flow.sim.world.guests[Number(status['id'])]?.config ?? {};
    config['lock'] = 'backup';
    await flow.delete('VirtualMachine', 'abandoned');
    await flow.until('VirtualMachine', 'abandoned', (seen) => seen.message('Ready').includes('locked (backup)'));
    await change(VIRTUAL_MACHINES, 'abandoned', { metadata: { finalizers: null } });
    await flow.untilGone('VirtualMachine', 'abandoned');
    // One that was under way when the finalizer went would still go on.
    await expect.poll(deletesNow, { interval: 3, timeout: 60_000 }).toBe(0);
    delete config['lock'];
    const next = await made('abandoned');
    expect(next.status['id']).not.toBe(status['id']);
    await gone('VirtualMachine', 'abandoned');
    expect((await claimedVms(flow.world, 'abandoned')).map(({ vmid }) => String(vmid))).toEqual([status['id']]);
  });

  it('that meet writes of others all the time are taken off all the same', async () => {
    await made('contested');
    await flow.delete('VirtualMachine', 'contested');
    let writes = 0;
    await until(
      async () => {
        writes += 1;
        const patch = change(VIRTUAL_MACHINES, 'contested', { metadata: { labels: { turn: `${writes}` } } });
        await patch.catch(() => undefined);
        return await flow.object('VirtualMachine', 'contested');
      },
      (left) => left === undefined,
    );
    expect(writes).toBeGreaterThan(3);
    expect(await claimedVms(flow.world, 'contested')).toEqual([]);
  });
});

describe('what is under way', () => {
  it.each([1, 4, 8, 12, 16, 20])('a VM that is being made, deleted at call %i', async (nth) => {
    const name = `making-${nth}`;
    let deleted: Promise<void> | undefined;
    const hasCome = moments.atCall(nth, () => void (deleted = flow.delete('VirtualMachine', name)));
    await flow.apply(vmManifest(name, { userData: { cloudInit: { inline: '#!/bin/sh\n' } } }));
    await until(async () => await Promise.resolve(hasCome()), Boolean);
    await deleted;
    await flow.untilGone('VirtualMachine', name);
    expect(await claimedVms(flow.world, name)).toEqual([]);
    expect(strayVolumes(flow.sim)).toEqual([]);
  });

  it('one that is deleted and made anew at once is another one', async () => {
    const { status, metadata } = await made('anew');
    await flow.delete('VirtualMachine', 'anew');
    const again = await until(
      async () => {
        await flow.apply(vmManifest('anew')).catch(() => undefined);
        return await flow.object('VirtualMachine', 'anew');
      },
      (seen) => seen !== undefined && seen.metadata.uid !== metadata.uid,
    );
    const next = await flow.until('VirtualMachine', 'anew', isReady);
    expect(next.metadata.uid).toBe(again?.metadata.uid);
    expect((await claimedVms(flow.world, 'anew')).map(({ vmid }) => String(vmid))).toEqual([next.status['id']]);
    expect(flow.sim.world.guests[Number(status['id'])]?.config['description'] ?? '').not.toContain(metadata.uid);
    await gone('VirtualMachine', 'anew');
  });

  it('a snapshot that is being taken, and one that is gone back to', async () => {
    const { vmid } = await vmOf(flow, 'host');
    const snapshots = (): string[] => Object.keys(flow.sim.world.guests[vmid]?.snapshots ?? {});
    for (const method of ['POST', 'GET'] as const) {
      const name = `taking-${method.toLowerCase()}`;
      let deleted: Promise<void> | undefined;
      const hasCome = moments.at(
        { method, path: /\/snapshot$/ },
        () => void (deleted = flow.delete('VMSnapshot', name)),
      );
      await flow.apply(manifest('VMSnapshot', name, { vmRef: { name: 'host' }, includeMemory: true }));
      await until(async () => await Promise.resolve(hasCome()), Boolean);
      await deleted;
      await flow.untilGone('VMSnapshot', name);
      expect(snapshots()).toEqual([]);
    }
    await flow.apply(manifest('VMSnapshot', 'back', { vmRef: { name: 'host' } }));
    await flow.until('VMSnapshot', 'back', isReady);
    let deleted: Promise<void> | undefined;
    const hasCome = moments.at(
      { method: 'POST', path: /\/rollback$/ },
      () => void (deleted = flow.delete('VMSnapshot', 'back')),
    );
    await change(VM_SNAPSHOTS, 'back', { metadata: { annotations: { 'virtrigaud.io/revert-requested-at': 'now' } } });
    await until(async () => await Promise.resolve(hasCome()), Boolean);
    await deleted;
    await flow.untilGone('VMSnapshot', 'back');
    expect(snapshots()).toEqual([]);
  });

  it('an image that is being imported, also where its id was never heard', async () => {
    takeSeconds(flow.sim, WEB, '/disk.img', 60);
    const source = { http: { url: `${WEB}/disk.img`, checksum: RAW_SHA256 }, proxmox: { storage: 'local-lvm' } };
    const before = await flow.world.volumes();
    for (const [name, call] of Object.entries({
      'image-creating': { method: 'POST', path: /\/qemu$/ },
      'image-loading': { method: 'POST', path: /\/download-url$/ },
    } as const)) {
      const hasCome = moments.at(call, () => void flow.restartManager());
      await flow.apply(manifest('VMImage', name, { source }) + vmManifest(`of-${name}`, { imageRef: { name } }));
      await until(async () => await Promise.resolve(hasCome()), Boolean);
      await flow.delete('VMImage', name);
      const kept = await flow.until('VMImage', name, (seen) => seen.condition('Ready') === 'False InUse');
      expect(kept.message('Ready')).toBe(`It is kept for VirtualMachine default/of-${name}.`);
      const held = await flow.until(
        'VirtualMachine',
        `of-${name}`,
        (seen) => seen.condition('ImageReady') === 'False ImageDeleted',
      );
      expect(held.message('ImageReady')).toContain(`VMImage ${name} is being deleted, and not imported.`);
      await gone('VirtualMachine', `of-${name}`);
      await flow.untilGone('VMImage', name);
      expect(await claimedVms(flow.world, name)).toEqual([]);
    }
    takeSeconds(flow.sim, WEB, '/disk.img', 0.1);
    expect(await flow.world.volumes()).toEqual(before);
  });

  it('an image of which a VM is being made is kept until that one is gone', async () => {
    const source = { http: { url: `${WEB}/disk.img`, checksum: RAW_SHA256 }, proxmox: { storage: 'local-lvm' } };
    await flow.apply(manifest('VMImage', 'in-use', { source }) + vmManifest('first', { imageRef: { name: 'in-use' } }));
    await flow.until('VirtualMachine', 'first', isReady);
    let deleted: Promise<void> | undefined;
    const hasCome = moments.at(
      { method: 'POST', path: /\/clone$/ },
      () => void (deleted = flow.delete('VMImage', 'in-use')),
    );
    await made('second-of-all');
    expect(hasCome()).toBe(true);
    await deleted;
    await flow.until('VMImage', 'in-use', (seen) => seen.condition('Ready') === 'False InUse');
    await flow.until('VirtualMachine', 'first', isReady);
    await gone('VirtualMachine', 'second-of-all');
    await gone('VirtualMachine', 'first');
    await flow.untilGone('VMImage', 'in-use');
    expect(await claimedVms(flow.world, 'in-use')).toEqual([]);
  });
});

describe('what others say', () => {
  it('a paused object is kept, and nothing is done about it', async () => {
    await made('paused');
    await change(VIRTUAL_MACHINES, 'paused', { metadata: { annotations: { 'virtrigaud.io/paused': 'true' } } });
    await flow.until('VirtualMachine', 'paused', (seen) => seen.condition('Paused') === 'True Paused');
    const since = lastRequest(flow.sim);
    await flow.delete('VirtualMachine', 'paused');
    await made('not-paused');
    const { vmid } = await vmOf(flow, 'paused');
    expect(writesSince(flow.sim, since).filter((write) => write.includes(`/${vmid}`))).toEqual([]);
    expect(await flow.object('VirtualMachine', 'paused')).toBeDefined();
    await change(VIRTUAL_MACHINES, 'paused', { metadata: { annotations: { 'virtrigaud.io/paused': null } } });
    await flow.untilGone('VirtualMachine', 'paused');
    await gone('VirtualMachine', 'not-paused');
  });

  it('a manifest that has become wrong keeps nothing', async () => {
    await made('wrong');
    await flow.apply(manifest('VMSnapshot', 'of-wrong', { vmRef: { name: 'wrong' } }));
    await flow.until('VMSnapshot', 'of-wrong', isReady);
    await change(VIRTUAL_MACHINES, 'wrong', { spec: { placement: { cluster: 'vsphere' } } });
    await flow.until('VirtualMachine', 'wrong', (seen) => seen.condition('Ready') === 'False InvalidSpec');
    // Another VM in it is no other snapshot, and none that is to go with a VM that is not there.
    await change(VM_SNAPSHOTS, 'of-wrong', { spec: { vmRef: { name: 'nobody' } } });
    const seen = await flow.until('VMSnapshot', 'of-wrong', (one) => one.condition('Ready') === 'False VMChanged');
    expect(seen.message('Ready')).toContain('It is one of VirtualMachine wrong. Set spec.vmRef back');
    const { vmid } = await vmOf(flow, 'wrong');
    await gone('VMSnapshot', 'of-wrong');
    expect(flow.sim.world.guests[vmid]?.snapshots).toEqual({});
    await gone('VirtualMachine', 'wrong');
    expect(await claimedVms(flow.world, 'wrong')).toEqual([]);
  });

  it('an id that has become that of another VM takes nothing from its owner: its own goes, or nothing', async () => {
    const key = { name: 'robbed', namespace: 'default' };
    await made('robbed');
    const { vmid } = await vmOf(flow, 'host');
    const robbed = { status: { id: String(vmid) } };
    await flow.api.patch(VIRTUAL_MACHINES, key, robbed, { subresource: 'status' });
    await gone('VirtualMachine', 'robbed');
    expect(await claimedVms(flow.world, 'robbed')).toEqual([]);
    // And where it has none of its own.
    const { status } = await made('robbed');
    delete flow.sim.world.guests[Number(status['id'])];
    await flow.api.patch(VIRTUAL_MACHINES, key, robbed, { subresource: 'status' });
    await flow.delete('VirtualMachine', 'robbed');
    const seen = await flow.until('VirtualMachine', 'robbed', (one) => one.condition('Ready') === 'False OfAnother');
    expect(seen.message('Ready')).toMatch(
      /belongs to .*host.* set the annotation virtrigaud\.io\/force-delete: "true"/,
    );
    await change(VIRTUAL_MACHINES, 'robbed', FORCED);
    await flow.untilGone('VirtualMachine', 'robbed');
    expect(await vmOf(flow, 'host')).toMatchObject({ vmid, running: true });
  });

  it.each(['background', 'foreground'])('goes with its owner, deleted in the %s, in PVE first', async (cascade) => {
    const name = `owned-${cascade}`;
    const owner = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `set-${cascade}` } };
    const [made1] = await flow.apply(JSON.stringify(owner));
    const reference = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      name: `set-${cascade}`,
      uid: made1?.metadata.uid,
      blockOwnerDeletion: true,
    };
    await made(name, { ownerReferences: [reference] });
    const told = await flow.kubectl(['delete', 'configmap', `set-${cascade}`, `--cascade=${cascade}`, '--timeout=60s']);
    expect(told.exit).toBe(0);
    await flow.untilGone('VirtualMachine', name);
    expect(await claimedVms(flow.world, name)).toEqual([]);
    expect(await flow.object('ConfigMap', `set-${cascade}`)).toBeUndefined();
  });

  it("a Provider is kept for VMs of other namespaces, for images, and for copies that are nobody's yet", async () => {
    await flow.api.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'other' } });
    const refs = { providerRef: { name: 'prod', namespace: 'default' }, powerState: 'Off' };
    const away = {
      classRef: { name: 'small', namespace: 'default' },
      imageRef: { name: 'ubuntu', namespace: 'default' },
    };
    await flow.apply(vmManifest('far', { ...refs, ...away }, { namespace: 'other' }));
    await flow.until('VirtualMachine', 'far', isReady, 'other');
    const [vm, snapshot, clone, image] = await makeDeletables(flow, 'users');
    await flow.delete('Provider', 'prod');
    const users = [
      'VirtualMachine default/host',
      `VirtualMachine default/${vm?.name}`,
      'VirtualMachine other/far',
      `VMClone default/${clone?.name}`,
      `VMImage default/${image?.name}`,
    ];
    const kept = await flow.until('Provider', 'prod', (seen) => seen.condition('Ready') === 'False InUse');
    for (const user of users) expect(kept.message('Ready')).toContain(user);
    for (const one of [vm, snapshot, clone]) await gone(one?.kind ?? '', one?.name ?? '');
    await flow.api.delete(NAMESPACES, { name: 'other' });
    await flow.untilGone('VirtualMachine', 'far', 'other');
    await gone('VirtualMachine', 'host');
    const last = `It is deleted once these are gone: VMImage default/${image?.name}.`;
    await flow.until('Provider', 'prod', (seen) => seen.message('Ready') === last);
    await gone('VMImage', image?.name ?? '');
    await flow.untilGone('Provider', 'prod');
    await flow.apply(BASICS + vmManifest('host'));
    await flow.until('VirtualMachine', 'host', isReady);
  });

  it('who sets the annotation lets go of it as it is, and is told what stays', async () => {
    const deletables = await makeDeletables(flow, 'forced');
    const answer = refuseAll();
    for (const { kind, name } of deletables) await flow.delete(kind, name);
    for (const resource of [VIRTUAL_MACHINES, VM_SNAPSHOTS, VM_CLONES, VM_IMAGES]) {
      const name = deletables.find(({ kind }) => kind === resource.kind)?.name ?? '';
      await change(resource, name, FORCED);
      await flow.untilGone(resource.kind, name);
      expect((await flow.events(resource.kind, name)).join('\n')).toMatch(
        /Warning Abandoned Let go as asked for: .* (stays|may still be)/,
      );
    }
    answer();
    for (const one of deletables) expect([one.kind, await one.isThere()]).toEqual([one.kind, true]);
  });
});
