// Volumes that no VM names. Those that look so are few, so making sure may cost more than finding them.
import { isVmidFree } from '#pve/cluster/nextid';
import type { GuestEntry } from '#pve/cluster/resources';
import type { NodeName, Vmid } from '#pve/ids';
import { activeTasks } from '#pve/nodes/tasks';
import type { VmConfig } from '#pve/qemu/config';
import { inTurn } from '../in-turn.ts';
import type { Patient } from '../patient.ts';
import { grant, type Unseen, unseen } from '../unseen.ts';
import { volumesNamed, volumesNamedElsewhere } from './named-volumes.ts';
import { readGuests } from './read-guests.ts';
import { type StoredVolume, stillThere } from './stores.ts';

/** What is known of the VMs when volumes are judged. */
export interface KnownGuests {
  /** Every guest the token may see. */
  readonly guests: ReadonlyMap<Vmid, GuestEntry>;
  readonly configs: ReadonlyMap<Vmid, VmConfig>;
  /** VMs that certainly nobody works on. */
  readonly dead: ReadonlySet<Vmid>;
  /** VMs that somebody works on, or may for all that can be seen: their volumes are not judged. */
  readonly spared: ReadonlySet<Vmid>;
  readonly off: ReadonlySet<NodeName>;
  /** Whether "the id is free" can be believed. */
  readonly quorate: boolean;
}

export interface OwnedVolume extends StoredVolume {
  /** Of whom its name says it is. */
  readonly owner: Vmid;
}

export interface Unnamed {
  readonly volumes: readonly OwnedVolume[];
  readonly unseen: readonly Unseen[];
}

/** Of the given volumes those that certainly no VM names, and why others could not be judged. */
export async function findUnnamed(
  patient: Patient,
  volumes: readonly OwnedVolume[],
  known: KnownGuests,
): Promise<Unnamed> {
  const suspicious = volumes.filter((one) => isSuspicious(one, known));
  if (suspicious.length === 0) return { volumes: [], unseen: [] };
  const owners = await settleOwners(patient, new Set(suspicious.map(({ owner }) => owner)), known);
  const settled = suspicious.filter(({ owner }) => owners.settled.has(owner));
  if (settled.length === 0) return { volumes: [], unseen: owners.unseen };
  const all = await readAllNames(patient, known);
  const unnamed = settled.filter(({ volume }) => !all.names.has(volume.volid));
  const mayBeNamed = (one: OwnedVolume): boolean => all.unread.some((vm) => one.shared || vm.node === one.node);
  const doubts = unnamed.filter(mayBeNamed).map((one) => doubt(one, all.unread));
  const there = await stillThere(
    patient,
    unnamed.filter((one) => !mayBeNamed(one)),
  );
  return { volumes: there.volumes, unseen: [...owners.unseen, ...all.unseen, ...doubts, ...there.unseen] };
}

/** Whether nothing that is known already explains the volume. */
function isSuspicious({ owner, volume }: OwnedVolume, known: KnownGuests): boolean {
  if (known.spared.has(owner)) return false;
  const guest = known.guests.get(owner);
  if (guest === undefined) return true;
  // A container's, or of a VM that could not be read: that is told of the VM itself.
  const config = known.configs.get(owner);
  if (guest.type !== 'qemu' || config === undefined) return false;
  // Under a lock PVE makes volumes before it names them.
  if (config.lock !== undefined && !known.dead.has(owner)) return false;
  return !volumesNamed(config.values).includes(volume.volid);
}

interface Owners {
  /** Certainly gone, or there and not worked on. */
  readonly settled: ReadonlySet<Vmid>;
  readonly unseen: readonly Unseen[];
}

async function settleOwners(patient: Patient, owners: ReadonlySet<Vmid>, known: KnownGuests): Promise<Owners> {
  const settled = new Set<Vmid>();
  const hidden: Unseen[] = [];
  const settle = async (owner: Vmid): Promise<void> => {
    const guest = known.guests.get(owner);
    const answer =
      guest === undefined ? await settleAbsent(patient, owner, known) : await settlePresent(patient, guest, known);
    if (answer === 'settled') settled.add(owner);
    else if (answer !== 'worked-on') hidden.push(answer);
  };
  await Promise.all([...owners].map(settle));
  return { settled, unseen: hidden };
}

type Settled = 'settled' | 'worked-on' | Unseen;

/** The list of guests is what we may see; that nobody has an id is told by PVE alone, and only with quorum. */
async function settleAbsent({ pve, call }: Patient, owner: Vmid, { quorate }: KnownGuests): Promise<Settled> {
  const what = `volumes of VM ${owner}`;
  if (!quorate) {
    const why = 'whether the VM is gone cannot be known without quorum';
    return { what, why, remedy: 'See what is said about the cluster' };
  }
  if (await isVmidFree(pve, owner, call)) return 'settled';
  const why = `VMID ${owner} is in use, and PVE does not show us by what`;
  return { what, why, remedy: grant('VM.Audit', `/vms/${owner}`) };
}

/** A running task, such as the move of a disk, makes volumes before it names them, and takes no lock. */
async function settlePresent(patient: Patient, { vmid, node }: GuestEntry, { dead }: KnownGuests): Promise<Settled> {
  if (dead.has(vmid)) return 'settled';
  const what = `volumes of VM ${vmid} on ${node} that it does not name`;
  if (!(await patient.may('Sys.Audit', `/nodes/${node}`))) {
    const why = 'without Sys.Audit PVE does not show whether a task is working on them';
    return { what, why, remedy: grant('Sys.Audit', `/nodes/${node}`) };
  }
  try {
    const tasks = await activeTasks(patient.pve, node, patient.call);
    return tasks.some(({ id }) => id === String(vmid)) ? 'worked-on' : 'settled';
  } catch (error) {
    return unseen(what, error);
  }
}

interface AllNames {
  readonly names: ReadonlySet<string>;
  readonly unread: readonly GuestEntry[];
  readonly unseen: readonly Unseen[];
}

/** Every VM there is, with its pending changes and snapshots: also the copy of a VM names the ISO of the original. */
async function readAllNames(patient: Patient, known: KnownGuests): Promise<AllNames> {
  const vms = [...known.guests.values()].filter(({ type }) => type === 'qemu');
  const others = vms.filter(({ vmid }) => !known.configs.has(vmid));
  const readings = await readGuests(patient, others, known.off);
  const configs = new Map([...known.configs, ...readings.configs]);
  const unread = [...readings.unread];
  const hidden = [...readings.unseen];
  const names = new Set([...configs.values()].flatMap(({ values }) => volumesNamed(values)));
  const readMore = async (vm: GuestEntry): Promise<void> => {
    try {
      for (const name of await volumesNamedElsewhere(patient, vm)) names.add(name);
    } catch (error) {
      unread.push(vm);
      hidden.push(unseen(`VM ${vm.vmid} on ${vm.node}`, error));
    }
  };
  await inTurn(
    patient,
    vms.filter(({ vmid }) => configs.has(vmid)),
    readMore,
  );
  return { names, unread, unseen: hidden };
}

function doubt({ volume, node }: OwnedVolume, unread: readonly GuestEntry[]): Unseen {
  const [first] = unread;
  const which = unread.length === 1 ? `VM ${first?.vmid}` : `${unread.length} VMs`;
  return {
    what: `volume ${volume.volid} on ${node}`,
    why: `no VM that could be read names it, but ${which} could not be read`,
    remedy: 'See what is said about them',
  };
}
