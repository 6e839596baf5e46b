// Snapshots as flow tests ask for them and look at them.
import { adoptedClaim } from '#claim/adopted';
import { describeWithClaim } from '#claim/record';
import type { Vmid } from '#pve/ids';
import type { StorageState } from '#pve-sim/world/world';
import type { Flow } from './flow.ts';
import { placeByHand, type Stage } from './stage.ts';

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

let lastVmid = 300_000;

/**
 * A VM of ours on pve2, made past the provider, which is quicker; what `form` says goes beside its name.
 * @param disk `tank:1`, `files:1,format=qcow2`
 */
export async function ourVm(stage: Stage, disk = 'local-lvm:1', form: Record<string, string> = {}): Promise<string> {
  lastVmid += 1;
  const vmid = lastVmid;
  const guest = await placeByHand(stage, vmid, 'pve2', { scsi0: disk, boot: 'order=scsi0', ...form });
  const claim = adoptedClaim({ instance: 'test/flow', vmid: vmid as Vmid, owner: { name: `vm-${vmid}` }, time: 1 });
  guest.config['description'] = describeWithClaim('', claim, 'refuse');
  return String(vmid);
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
