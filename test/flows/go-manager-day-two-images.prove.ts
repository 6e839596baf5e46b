import { describe, expect, it } from 'vitest';
import { startClusterService } from '../support/go-manager/cluster-service.ts';
import {
  COUNTED,
  endings,
  everyObject,
  isSettled,
  manage,
  startWatchedFlow,
  statusOf,
  type WatchedFlow,
} from '../support/go-manager/stage.ts';
import type { VirtualMachineSpec } from '../support/go-manager/virtual-machine.ts';
import type { VmImageSpec } from '../support/go-manager/vm-image.ts';
import { writesSince } from '../support/journal.ts';
import { nic, rootDisk } from '../support/requests.ts';
import { addImages, type ImageParts, prepareRequest } from '../support/web-images.ts';
import { claimedVms, strayVolumes } from '../support/world.ts';

// The model of VirtRigaud's manager with VMs of an image that is nowhere yet: each of them has it prepared, at once.

const HALF_A_MINUTE_MS = 30_000;
const OF_IMAGE: VirtualMachineSpec = { imageRef: 'ubuntu', networks: [nic()], disks: [rootDisk(4)] };

const imageSpec = (parts: ImageParts = {}): VmImageSpec =>
  JSON.parse(prepareRequest('ubuntu', parts).imageJson) as VmImageSpec;

const templates = ({ sim }: WatchedFlow): string[] =>
  Object.values(sim.world.guests)
    .filter(({ config }) => config['name'] === 'ubuntu')
    .map(({ vmid, config }) => `${vmid} ${config['template']}`);

const downloads = ({ sim }: WatchedFlow): number =>
  writesSince(sim, 0).filter((write) => write.endsWith('/download-url')).length;

describe.concurrent('VMs of an image that nobody has yet', () => {
  it('are made of one template, though PVE is away while it is fetched, and the provider is replaced', async ({
    onTestFinished: atEnd,
  }) => {
    const flow = await startWatchedFlow(atEnd, { settings: { PVE_TASK_TIMEOUT: '10s' } });
    addImages(flow.sim);
    const service = await startClusterService();
    atEnd(async () => await service.close());
    const first = await flow.another(0);
    service.pointTo(first.provider.port);
    const manager = manage(atEnd, flow, { endpoint: () => service.address });
    manager.image('ubuntu', imageSpec({ path: '/slow.qcow2' }));
    for (const name of ['one', 'two', 'three']) manager.apply(name, OF_IMAGE);
    await manager.until(() => manager.images.get('ubuntu')?.status.prepareTaskRef !== '');
    await flow.sim.setDaemon('pve1', 'api', 'stopped');
    const endsAt = flow.sim.clock.now() + HALF_A_MINUTE_MS;
    await manager.until(() => flow.sim.clock.now() >= endsAt);
    await flow.sim.setDaemon('pve1', 'api', 'running');
    service.pointTo(flow.provider.port);
    await first.end();
    await manager.until(everyObject(manager, isSettled));
    const id = manager.images.get('ubuntu')?.status.id ?? '';
    expect(templates(flow)).toEqual([`${id} 1`]);
    expect(downloads(flow)).toBe(1);
    const vms = await claimedVms(flow.world);
    expect(vms.filter(({ running, state }) => running && state === 'ready')).toHaveLength(3);
    expect(vms).toHaveLength(4);
    expect(strayVolumes(flow.sim)).toEqual([]);
    expect(endings(manager, COUNTED)).toEqual([]);
    expect(manager.breakerOpenings).toBe(0);
  });

  it('wait for one whose checksum is wrong, which never becomes a template, until it is corrected', async ({
    onTestFinished: atEnd,
  }) => {
    const flow = await startWatchedFlow(atEnd);
    addImages(flow.sim);
    const before = Object.keys(flow.sim.world.volumes);
    const manager = manage(atEnd, flow);
    manager.image('ubuntu', imageSpec({ checksum: '0'.repeat(64) }));
    for (const name of ['one', 'two']) manager.apply(name, OF_IMAGE);
    const refusals = (): number => manager.record.failures.filter(({ rpc }) => rpc === 'imagePrepare').length;
    await manager.until(() => refusals() >= 30);
    expect(new Set(manager.record.failures.map(({ code }) => code))).toEqual(new Set(['InvalidArgument']));
    expect(statusOf(manager, 'one')?.message).toContain('Correct the checksum');
    expect(templates(flow)).toEqual([]);
    expect(Object.keys(flow.sim.world.volumes)).toEqual(before);
    expect(downloads(flow)).toBeLessThan(refusals() / 2);
    manager.image('ubuntu', imageSpec());
    await manager.until(everyObject(manager, isSettled));
    expect(templates(flow)).toHaveLength(1);
    expect(endings(manager, COUNTED)).toEqual([]);
    expect(manager.breakerOpenings).toBe(0);
  });

  it('without a block for Proxmox are told what to add, since the manager loses the image', async ({
    onTestFinished: atEnd,
  }) => {
    const flow = await startWatchedFlow(atEnd, { settings: { PVE_DEFAULT_STORAGE: 'local-lvm' } });
    addImages(flow.sim);
    const manager = manage(atEnd, flow);
    const { source } = imageSpec();
    manager.image('ubuntu', { source: { http: source.http ?? { url: '' } } });
    manager.apply('one', OF_IMAGE);
    await manager.until(() => manager.record.failures.length >= 12);
    expect(manager.images.get('ubuntu')?.status.phase).toBe('Ready');
    expect(statusOf(manager, 'one')?.message).toContain('source.proxmox.storage');
    expect(endings(manager, COUNTED)).toEqual([]);
    expect(manager.breakerOpenings).toBe(0);
  });
});
