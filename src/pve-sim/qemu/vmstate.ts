// The volume that holds a guest's RAM, for a snapshot or to hibernate (pve-behaviour 14.2): where it goes, how large it is,
// and what the config notes beside it so that QEMU can read it again.
import type { Process } from '../process.ts';
import { profileOfNode } from '../profiles/profile-of-node.ts';
import { failure } from '../pve-error.ts';
import type { Sim } from '../sim.ts';
import { allocate, free } from '../storage/disk-work.ts';
import { dataDrives } from '../storage/drive-features.ts';
import { drivesOf } from '../world/drive.ts';
import { isNicKey, parseNic } from '../world/net.ts';
import { parseProperties } from '../world/property-string.ts';
import { MIB } from '../world/size.ts';
import { storageIdOf } from '../world/volid.ts';
import type { Guest } from '../world/world.ts';
import { memoryMib } from './guest-status.ts';
import { runningMachine } from './machine.ts';

const DRIVER_STATE_MIB = 500;

/** @throws 500 naming what keeps the guest's state from being saved */
export function checkStateSavable({ config }: Guest): void {
  const causes = [
    ...(config['amd-sev'] === undefined ? [] : ['AMD SEV']),
    ...(config['intel-tdx'] === undefined ? [] : ['Intel TDX']),
    ...(Object.keys(config).some((key) => /^virtiofs\d+$/.test(key)) ? ['VirtIO-FS'] : []),
  ];
  if (causes.length === 0) return;
  throw failure(`Cannot live-migrate, snapshot (with RAM), or hibernate a VM with: ${causes.join(', ')}`);
}

/** What the config says; else a shared storage that holds a disk, else a local one, files before blocks. */
export function vmstateStorage(sim: Sim, guest: Guest): string {
  const wanted = guest.config['vmstatestorage'];
  if (wanted !== undefined) return wanted;
  const used = dataDrives(drivesOf(guest.config))
    .map(([, { file }]) => sim.world.storages[storageIdOf(file)])
    .filter((storage) => storage !== undefined);
  const best = (shared: boolean): string | undefined => {
    const fitting = used.filter((storage) => storage.shared === shared);
    return (fitting.findLast((storage) => storage.path !== undefined) ?? fitting[0])?.id;
  };
  return best(true) ?? best(false) ?? 'local';
}

/** @returns the options that the config gets */
export async function allocateVmstate(
  sim: Sim,
  process: Process,
  guest: Guest,
  storageId: string,
  label: string,
): Promise<Record<string, string>> {
  const suffix = sim.world.storages[storageId]?.path === undefined ? '' : '.raw';
  const volume = await allocate(sim, process, guest.node, storageId, {
    vmid: guest.vmid,
    sizeBytes: (2 * memoryMib(guest.config) + DRIVER_STATE_MIB) * MIB,
    format: 'raw',
    kind: 'disk',
    name: `vm-${guest.vmid}-state-${label}${suffix}`,
  });
  return {
    vmstate: volume.volid,
    runningmachine: runningMachine(sim, guest),
    runningcpu: runningCpu(guest.config),
    ...(profileOfNode(sim.world, guest.node).has('stateNotesHostMtu') ? hostMtu(guest.config) : {}),
  };
}

/** Everything that `allocateVmstate` has put into a config. */
export function withoutVmstate(config: Readonly<Record<string, string>>): Record<string, string> {
  const { vmstate: _, runningmachine: _1, runningcpu: _2, 'running-nets-host-mtu': _3, ...rest } = config;
  return rest;
}

export async function freeVmstate(sim: Sim, process: Process, guest: Guest, volid: string): Promise<void> {
  await free(sim, process, guest.node, volid);
}

/** QEMU's `-cpu` argument, by which the same CPU is shown again. */
function runningCpu(config: Readonly<Record<string, string>>): string {
  const type = parseProperties(config['cpu'] ?? 'kvm64', 'cputype')['cputype'] ?? 'kvm64';
  if (type === 'host') return 'host,+kvm_pv_eoi,+kvm_pv_unhalt';
  return `${type},enforce,+kvm_pv_eoi,+kvm_pv_unhalt${type === 'kvm64' ? ',+lahf_lm,+sep' : ''}`;
}

function hostMtu(config: Readonly<Record<string, string>>): Record<string, string> {
  const virtio = Object.entries(config).filter(([key, value]) => isNicKey(key) && parseNic(value).model === 'virtio');
  if (virtio.length === 0) return {};
  const mtus = virtio.map(([key, value]) => `${key}=${parseNic(value).options['mtu'] ?? '0'}`);
  return { 'running-nets-host-mtu': mtus.join(',') };
}
