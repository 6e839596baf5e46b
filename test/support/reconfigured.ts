// VMs for tests of Reconfigure: put there past every API, as Create would have made them, and people who edit them.
import { describeWithClaim, readClaim } from '#claim/record';
import type { Flow } from './flow.ts';
import type { Vmid } from '#pve/ids';
import { macFor } from '#provider/plan/mac';
import { type CreateParts, nic, rootDisk } from './requests.ts';
import { ourVm } from './snapshots.ts';
import { guestOf } from './stage.ts';

/** What `madeVm` has, as a request says it. */
export const AS_MADE: CreateParts = {
  class: { CPU: 2, MemoryMiB: 4096 },
  networks: [nic()],
  disks: [rootDisk(1), { Name: 'data', SizeGiB: 1, Type: '' }],
  tags: ['web'],
};

export type Options = Readonly<Record<string, string | undefined>>;

/** A VM of ours with a boot disk, a disk named `data`, a NIC, and room for 8 CPUs. @param change options that differ */
export function madeVm(flow: Flow, change: Options = {}): string {
  const id = ourVm(flow, { scsi0: ['local-lvm'], scsi1: ['local-lvm'] });
  const { config } = guestOf(flow, id);
  const reading = readClaim(config['description']);
  if (reading.kind !== 'claim') throw new Error('there is no claim');
  const options: Options = {
    description: describeWithClaim('', { ...reading.claim, digest: '1aaaaaaaaaaaaaaaa' }, 'refuse'),
    agent: '1',
    cores: '8',
    vcpus: '2',
    memory: '4096',
    hotplug: 'network,disk,usb,cpu',
    ostype: 'l26',
    scsi0: (config['scsi0'] ?? '').replace(',size', ',discard=on,size'),
    scsi1: `${config['scsi1'] ?? ''},serial=data`,
    net0: `virtio=${macOf(id)},bridge=vmbr0,firewall=1`,
    tags: 'web',
    ...change,
  };
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined) delete config[key];
    else config[key] = withVolume(flow, id, value);
  }
  return id;
}

/** The MAC that Create gives the first NIC of a VM. */
export function macOf(id: string): string {
  return macFor('BC:24:11', Number(id) as Vmid, 0);
}

/** A drive whose volume is there: `vm-1-...` in its name becomes the VM's. */
function withVolume({ sim: { world } }: Flow, id: string, drive: string): string {
  if (!/^local(-lvm)?:.*(vm-1|vrtg-1)-/.test(drive)) return drive;
  const named = drive.replace('vm-1-', `vm-${id}-`).replace('vrtg-1-', `vrtg-${id}-`);
  const volid = named.replace(/,.*/, '');
  const [key, like] = Object.entries(world.volumes).find(([, { vmid }]) => vmid === Number(id)) ?? [];
  if (key === undefined || like === undefined) throw new Error(`VM ${id} has no volume`);
  world.volumes[key.replace(like.volid, volid)] = { ...like, volid };
  return named;
}

/** Tasks that stop or start a guest. */
export function restartsOf({ sim }: Flow, id: string): number {
  const kinds = /^qm(start|stop|reboot|reset|shutdown|suspend)$/;
  return Object.values(sim.world.tasks).filter((task) => task.id === id && kinds.test(task.type)).length;
}

/** Edits of a person, none of which any request here speaks of. */
const EDITS: readonly ((config: Record<string, string>, nth: number) => void)[] = [
  (config, nth) => (config['description'] = `Note ${nth}\n${(config['description'] ?? '').split('\n').at(-1) ?? ''}`),
  (config, nth) => (config['net5'] = `e1000=AA:BB:CC:00:00:${String(10 + (nth % 80))},bridge=vmbr2`),
  (config, nth) => (config['onboot'] = String(nth % 2)),
  (config, nth) => (config['startup'] = `order=${nth}`),
  (config, nth) => (config['cpuunits'] = String(100 + nth)),
  (config, nth) => (config['tags'] = `${config['tags'] ?? ''};by-hand-${nth}`),
  (config, nth) => (config['net0'] = `${(config['net0'] ?? '').replace(/,rate=\d+/, '')},rate=${nth + 1}`),
  (config) => (config['protection'] = '1'),
  (config) => (config['boot'] = 'order=scsi1;scsi0'),
  (config, nth) => (config['scsi7'] = `local-lvm:vm-999-disk-${nth},size=3G`),
];

/** One edit, drawn by `pick` (0 to 1); what it has left is in `kept`, by option. */
export function editByHand(config: Record<string, string>, pick: number, nth: number, kept: Map<string, string>): void {
  const before = { ...config };
  EDITS[Math.floor(pick * EDITS.length)]?.(config, nth);
  for (const [key, value] of Object.entries(config)) if (before[key] !== value) kept.set(key, value);
}
