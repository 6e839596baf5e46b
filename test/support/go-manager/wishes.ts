// What people want of a manager on the second day, each of a VM of its own, and what has to be so in the end.
import { readClaim } from '#claim/record';
import { PowerOp } from '#rpc/contract';
import type { Flow } from '../flow.ts';
import { outcomeOf } from '../outcome.ts';
import { madeVm } from '../reconfigured.ts';
import { type CreateParts, nic, rootDisk } from '../requests.ts';
import { guestOf } from '../stage.ts';
import { until } from '../until.ts';
import { strayVolumes } from '../world.ts';
import type { Wish } from './deaths.ts';
import type { GoManager } from './manager.ts';
import { newVirtualMachine, type VirtualMachine, type VirtualMachineSpec } from './virtual-machine.ts';
import { newVmSnapshot, type VmSnapshot, type VmSnapshots } from './vm-snapshot.ts';

const SMALL: CreateParts = {
  networks: [nic()],
  disks: [rootDisk(1), { Name: 'data', SizeGiB: 1, Type: '' }],
  tags: ['web'],
};

/** An object that a manager has made and whose VM is as it was asked for. */
export function settledVm(id: string, spec: VirtualMachineSpec): VirtualMachine {
  const vm = newVirtualMachine(`vm-${id}`, spec);
  const currentResources = { cpu: 2, memoryMib: 4096 };
  vm.status = { ...vm.status, id, powerState: spec.powerState ?? 'On', currentResources, isReady: true };
  return vm;
}

/** A VM of ours that runs, with two disks and room for 8 CPUs. */
export async function runningVm(flow: Flow): Promise<string> {
  const id = madeVm(flow);
  await flow.client.power({ id, op: PowerOp.ON });
  return id;
}

function known(vm: VirtualMachine): { objects: Map<string, VirtualMachine> } {
  return { objects: new Map([[vm.name, vm]]) };
}

export async function wishForMore(flow: Flow): Promise<Wish> {
  const id = await runningVm(flow);
  const vm = settledVm(id, SMALL);
  const net0 = guestOf(flow, id).config['net0']?.replace('vmbr0', 'vmbr1');
  const large: VirtualMachineSpec = {
    class: { CPU: 4, MemoryMiB: 8192 },
    networks: [nic({ Bridge: 'vmbr1' }), nic()],
    disks: [rootDisk(3), { Name: 'data', SizeGiB: 1, Type: '' }, { Name: 'logs', SizeGiB: 2, Type: '' }],
    tags: ['web', 'large'],
  };
  return {
    known: known(vm),
    ask: (manager) => manager.apply(vm.name, large),
    isDone: () => vm.status.currentResources?.cpu === 4 && vm.status.isReady,
    hasGivenUp: () => false,
    askAgain: async () => await Promise.resolve(),
    flaw: () => {
      const { config, pending } = guestOf(flow, id);
      const isRight =
        config['vcpus'] === '4' &&
        JSON.stringify(pending) === JSON.stringify({ memory: '8192' }) &&
        config['net0'] === net0 &&
        config['net1'] !== undefined &&
        config['net2'] === undefined &&
        ['3G', '1G', '2G'].every((size, index) => config[`scsi${index}`]?.includes(`size=${size}`)) &&
        !Object.keys(config).some((key) => key.startsWith('unused') || key === 'scsi3') &&
        strayVolumes(flow.sim).length === 0;
      return isRight ? undefined : JSON.stringify({ config, pending, stray: strayVolumes(flow.sim) });
    },
  };
}

export async function wishForSnapshot(flow: Flow): Promise<Wish> {
  const id = await runningVm(flow);
  const vm = settledVm(id, SMALL);
  const name = 'before.upgrade';
  const spec = { vm: vm.name, config: { includeMemory: true, description: 'Before' } };
  return {
    known: known(vm),
    ask: (manager) => manager.snapshot(name, spec),
    isDone: ({ snapshots }) => isThere(snapshots.get(name)),
    hasGivenUp: ({ snapshots }) => hasEnded(snapshots.get(name)) && !isThere(snapshots.get(name)),
    askAgain: async (manager) => {
      manager.deleteSnapshot(name);
      await manager.until(() => !manager.snapshots.has(name));
      manager.snapshot(name, spec);
    },
    flaw: () => flawOfSnapshots(flow, id, ['before-upgrade-']),
  };
}

function hasEnded(snapshot: VmSnapshot | undefined): boolean {
  return snapshot?.status.phase === 'Ready' || snapshot?.status.phase === 'Failed';
}

/** One that is ready without an id was never asked for: there was nobody to ask. */
function isThere(snapshot: VmSnapshot | undefined): boolean {
  return snapshot?.status.phase === 'Ready' && snapshot.status.snapshotId !== '';
}

export async function wishForNoSnapshot(flow: Flow): Promise<Wish> {
  const id = await runningVm(flow);
  const vm = settledVm(id, SMALL);
  const ids = [];
  for (const nameHint of ['stays', 'goes']) {
    const { snapshotId } = await flow.client.snapshotCreate({ vmId: id, nameHint, includeMemory: true });
    ids.push(snapshotId);
  }
  const snapshots: VmSnapshots = new Map(
    ids.map((snapshotId) => {
      const snapshot = newVmSnapshot(snapshotId, { vm: vm.name });
      snapshot.status = { ...snapshot.status, phase: 'Ready', snapshotId };
      return [snapshotId, snapshot];
    }),
  );
  let isAskedByHand = false;
  const hasFailed = ({ record }: GoManager): boolean => record.failures.some(({ rpc }) => rpc === 'snapshotDelete');
  return {
    known: { ...known(vm), snapshots },
    ask: (manager) => manager.deleteSnapshot('goes'),
    isDone: (manager) => !manager.snapshots.has('goes') && (isAskedByHand || !hasFailed(manager)),
    hasGivenUp: (manager) => !manager.snapshots.has('goes') && hasFailed(manager),
    askAgain: async () => {
      isAskedByHand = true;
      await until(
        async () => await outcomeOf(flow.client.snapshotDelete({ vmId: id, snapshotId: 'goes' })),
        ({ kind }) => kind === 'ok',
      );
    },
    flaw: () => flawOfSnapshots(flow, id, ['stays']),
  };
}

/** @param starts of the names, each of one snapshot that is whole */
function flawOfSnapshots(flow: Flow, id: string, starts: readonly string[]): string | undefined {
  const { config, run, snapshots } = guestOf(flow, id);
  const names = Object.keys(snapshots);
  const volumes = Object.values(flow.sim.world.volumes).filter(({ vmid }) => vmid === Number(id));
  const states = volumes.filter(({ volid }) => volid.includes('-state-'));
  const disks = volumes.filter(({ volid }) => volid.includes('-disk-'));
  const isWhole =
    names.length === starts.length &&
    names.every((name, index) => name.startsWith(starts[index] ?? ' ')) &&
    Object.values(snapshots).every((one) => one['snapstate'] === undefined) &&
    states.length === starts.length &&
    disks.length === 2 &&
    disks.every((disk) => Object.keys(disk.snapshots ?? {}).join() === names.join()) &&
    config['lock'] === undefined &&
    run !== undefined;
  return isWhole ? undefined : JSON.stringify({ names, config, volumes: volumes.map(({ volid }) => volid) });
}

let clones = 0;

export async function wishForClone(flow: Flow): Promise<Wish> {
  const id = await Promise.resolve(madeVm(flow));
  const vm = settledVm(id, { ...SMALL, powerState: 'Off' });
  clones += 1;
  const target = `clone-${clones}`;
  const spec = {
    source: vm.name,
    target,
    linked: true,
    class: { cpu: 4, memory: '8Gi', diskDefaults: { size: '3Gi' } },
    customization: { tags: ['cloned'] },
  };
  const before = new Set(Object.keys(flow.sim.world.guests));
  const mac = /virtio=([0-9A-F:]+)/.exec(guestOf(flow, id).config['net0'] ?? '')?.[1] ?? 'no MAC';
  const isRunning = ({ objects }: GoManager): boolean => {
    const status = objects.get(target)?.status;
    return status?.isReady === true && status.powerState === 'On';
  };
  return {
    known: known(vm),
    ask: (manager) => manager.clone('copy', spec),
    isDone: (manager) => manager.clones.get('copy')?.status.phase === 'Ready' && isRunning(manager),
    hasGivenUp: (manager) => manager.clones.get('copy')?.status.phase === 'Failed',
    askAgain: async (manager) => {
      await Promise.resolve();
      manager.deleteClone('copy');
      manager.clone('copy', spec);
    },
    flaw: () => flawOfClone(flow, before, target, mac),
  };
}

function flawOfClone(
  { sim }: Flow,
  before: ReadonlySet<string>,
  target: string,
  sourceMac: string,
): string | undefined {
  const made = Object.entries(sim.world.guests).filter(([vmid]) => !before.has(vmid));
  const [guest] = made.map(([, one]) => one);
  if (guest === undefined || made.length !== 1) return `VMs ${made.map(([vmid]) => vmid).join(', ')}`;
  const { config, pending, run, vmid } = guest;
  const reading = readClaim(config['description']);
  const volumes = Object.values(sim.world.volumes).filter((volume) => volume.vmid === vmid);
  const isWhole =
    reading.kind === 'claim' &&
    reading.claim.state === 'ready' &&
    reading.claim.name === target &&
    config['name'] === target &&
    config['lock'] === undefined &&
    config['vcpus'] === '4' &&
    config['memory'] === '8192' &&
    config['tags'] === 'cloned' &&
    config['description']?.includes('virtrigaud-todo') === false &&
    /size=3G/.test(config['scsi0'] ?? '') &&
    /serial=data/.test(config['scsi1'] ?? '') &&
    config['net0']?.includes(sourceMac) === false &&
    Object.keys(pending).length === 0 &&
    run !== undefined &&
    volumes.length === 2 &&
    strayVolumes(sim).length === 0;
  return isWhole ? undefined : JSON.stringify({ config, pending, volumes: volumes.map(({ volid }) => volid) });
}
