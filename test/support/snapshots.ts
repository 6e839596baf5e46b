// Snapshots as flow tests ask for them and look at them.
import { adoptedClaim } from '#claim/adopted';
import { describeWithClaim } from '#claim/record';
import type { Vmid } from '#pve/ids';
import { createSnapshot as takeSnapshot } from '#pve-sim/qemu/snapshots/create';
import { nowSeconds } from '#pve-sim/sim';
import { addVolume } from '#pve-sim/world/volumes';
import type { StorageState } from '#pve-sim/world/world';
import type { Flow } from './flow.ts';
import { guestOf } from './stage.ts';
import { until } from './until.ts';

/** A storage like local-lvm but for what is given; the provider may use it. */
export function addStorage({ sim }: Flow, more: Partial<StorageState> & Pick<StorageState, 'id' | 'type'>): void {
  const { world } = sim;
  const like = world.storages['local-lvm'];
  if (like === undefined) throw new Error('there is no local-lvm');
  world.storages[more.id] = { ...like, ...more };
  const path = `/storage/${more.id}`;
  const subjects = [sim.token.id, sim.token.id.replace(/!.*/, '')];
  const entries = subjects.map((subject) => ({ path, subject, role: 'VrtgStorage', propagate: true }));
  world.access.acl = [...world.access.acl, ...entries];
}

export const FOLDER = { shared: false, path: '/srv/images' } as const;

/** Disks by slot: the storage each is on, and its format. */
export type Disks = Readonly<Record<string, readonly [storage: string, format?: string | undefined]>>;

const ONE_DISK: Disks = { scsi0: ['local-lvm'] };
let lastVmid = 300_000;

/** A VM that nobody has claimed, on pve2, put there past every API: a busy machine cannot make that fail. */
export function strayVm({ sim }: Flow, disks: Disks = ONE_DISK): string {
  lastVmid += 1;
  const vmid = lastVmid;
  const { world } = sim;
  const drives = Object.entries(disks).map(([slot, [id, format]]) => {
    const storage = world.storages[id];
    if (storage === undefined) throw new Error(`there is no storage ${id}`);
    const wish = { vmid, sizeBytes: 1024 ** 3, format, kind: 'disk' } as const;
    return [slot, `${addVolume(world, 'pve2', storage, wish, nowSeconds(sim.sim)).volid},size=1G`];
  });
  world.guests[vmid] = {
    vmid,
    type: 'qemu',
    node: 'pve2',
    config: {
      name: `vm-${vmid}`,
      memory: '512',
      boot: 'order=scsi0',
      smbios1: `uuid=${sim.sim.random.uuid()}`,
      vmgenid: sim.sim.random.uuid(),
      ...(Object.fromEntries(drives) as Record<string, string>),
    },
    pending: {},
    pendingDelete: {},
    cloudinit: {},
    snapshots: {},
    run: undefined,
    behaviour: { agent: 'silent', shutdown: 'normal', docker: false },
  };
  return String(vmid);
}

/** The same, and ours. */
export function ourVm(flow: Flow, disks?: Disks): string {
  const id = strayVm(flow, disks);
  const vmid = Number(id) as Vmid;
  const claim = adoptedClaim({ instance: 'test/flow', vmid, owner: { name: `vm-${id}` }, time: 1 });
  guestOf(flow, id).config['description'] = describeWithClaim('', claim, 'refuse');
  return id;
}

/** A snapshot as a person takes it. */
export async function takenByHand(flow: Flow, id: string, name: string): Promise<void> {
  const { node, vmid } = guestOf(flow, id);
  const request = { node, vmid, user: 'root@pam', name, description: undefined, vmstate: false };
  const upid = takeSnapshot(flow.sim.sim, request);
  await until(
    async () => await Promise.resolve(flow.sim.world.tasks[upid]?.exitstatus),
    (exitStatus) => exitStatus !== undefined,
  );
}

export interface ToldSnapshot {
  readonly name: string;
  readonly parent?: string;
  readonly time: string;
  readonly memory: boolean;
  readonly description?: string;
  readonly state?: string;
  readonly note?: string;
}

export interface ToldSnapshots {
  readonly current: string | undefined;
  readonly byName: Readonly<Record<string, ToldSnapshot>>;
}

/** What Describe says of a VM's snapshots. */
export async function toldSnapshots({ client }: Pick<Flow, 'client'>, id: string): Promise<ToldSnapshots> {
  const { providerRawJson } = await client.describe({ id });
  const raw = JSON.parse(providerRawJson) as { snapshots?: string; current_snapshot?: string };
  const list = JSON.parse(raw.snapshots ?? '[]') as ToldSnapshot[];
  return { current: raw.current_snapshot, byName: Object.fromEntries(list.map((one) => [one.name, one])) };
}
