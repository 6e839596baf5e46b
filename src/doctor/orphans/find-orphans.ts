// What crashes have left behind. Reads only. Volumes are listed before the guests, since a VM is there before its volumes:
// whatever is being made meanwhile has its VM in the list.
import { judgeOwnership } from '#claim/ownership';
import { readClaim } from '#claim/record';
import { parseIsoVolume } from '#cloudinit/file-name';
import { type GuestEntry, listGuests } from '#pve/cluster/resources';
import { readClusterStatus } from '#pve/cluster/status';
import { asVmid, type NodeName, type Vmid } from '#pve/ids';
import { listNodes } from '#pve/nodes/nodes';
import type { VmConfig } from '#pve/qemu/config';
import { isInRange, type Patient } from '../patient.ts';
import { grant, type Unseen } from '../unseen.ts';
import { vmOrphan, volumeOrphan } from './describe.ts';
import { findDownloads } from './downloads.ts';
import { judgeLiveness } from './liveness.ts';
import { volumesNamed } from './named-volumes.ts';
import type { OrphanReport } from './orphan.ts';
import { type GuestReadings, readGuests } from './read-guests.ts';
import { readStores, type StoredVolume, type Stores } from './stores.ts';
import { type Suspect, suspect } from './suspect.ts';
import { findUnnamed, type KnownGuests, type OwnedVolume } from './unnamed.ts';

/** Rejects where PVE as a whole cannot be asked; what a part of it does not answer is in the report. */
export async function findOrphans(patient: Patient): Promise<OrphanReport> {
  const survey = await takeSurvey(patient);
  const { readings, stores, cluster } = survey;
  const suspects = survey.vms.flatMap((vm) => {
    const config = readings.configs.get(vm.vmid);
    return config === undefined ? [] : (suspect(vm, config, patient.instance) ?? []);
  });
  const verdicts = await judgeLiveness(patient, suspects);
  const dead = verdicts.flatMap((verdict) => (verdict.kind === 'dead' ? [verdict.suspect] : []));
  const known = knownGuests(survey, suspects, dead);
  const volumes = stores.volumes.flatMap(ownedVolume).filter(({ owner }) => isInRange(patient, owner));
  const downloads = await findDownloads(patient, stores.volumes, known);
  const unnamed = await findUnnamed(patient, volumes, known);
  const ofDead = (one: Suspect): OwnedVolume[] => unnamed.volumes.filter(({ owner }) => owner === one.guest.vmid);
  const ofOthers = unnamed.volumes.filter(({ owner }) => !known.dead.has(owner));
  return {
    instance: patient.instance,
    orphans: [
      ...dead.map((one) => vmOrphan(one, ofDead(one))),
      ...ofOthers.map((volume) => volumeOrphan(volume, known)),
      ...downloads.orphans,
    ],
    workedOn: verdicts.flatMap((verdict) => (verdict.kind === 'worked-on' ? [verdict.workedOn] : [])),
    unseen: [
      ...(cluster === undefined ? [] : [cluster]),
      ...[...survey.off].map((node) => hiddenByNode(node, survey.guests)),
      ...(await hiddenGuests(patient)),
      ...readings.unseen,
      ...stores.unseen,
      ...hiddenStorages(survey),
      ...verdicts.flatMap((verdict) => (verdict.kind === 'unseen' ? [verdict.unseen] : [])),
      ...unnamed.unseen,
      ...downloads.unseen,
    ],
    looked: await describeLook(patient, survey),
  };
}

interface Survey {
  readonly online: readonly NodeName[];
  readonly off: ReadonlySet<NodeName>;
  /** Why the cluster's view is not to be believed. */
  readonly cluster: Unseen | undefined;
  readonly stores: Stores;
  readonly guests: ReadonlyMap<Vmid, GuestEntry>;
  /** Those in whose ids VMs of ours are made. */
  readonly vms: readonly GuestEntry[];
  readonly readings: GuestReadings;
}

async function takeSurvey(patient: Patient): Promise<Survey> {
  const { pve, call } = patient;
  const nodes = await listNodes(pve, call);
  const off = new Set(nodes.filter((node) => !node.online).map(({ name }) => name));
  const online = nodes.map(({ name }) => name).filter((name) => !off.has(name));
  const cluster = await judgeQuorum(patient);
  const stores = await readStores(patient, online);
  const guests = new Map((await listGuests(pve, call)).map((guest) => [guest.vmid, guest]));
  const vms = [...guests.values()].filter(({ vmid, type }) => type === 'qemu' && isInRange(patient, vmid));
  return { online, off, cluster, stores, guests, vms, readings: await readGuests(patient, vms, off) };
}

function knownGuests(survey: Survey, suspects: readonly Suspect[], dead: readonly Suspect[]): KnownGuests {
  const deadIds = new Set(dead.map(({ guest }) => guest.vmid));
  const asTheyAreNow = dead.map((one): [Vmid, VmConfig] => [one.guest.vmid, one.config]);
  return {
    guests: survey.guests,
    configs: new Map([...survey.readings.configs, ...asTheyAreNow]),
    dead: deadIds,
    spared: new Set(suspects.map(({ guest }) => guest.vmid).filter((vmid) => !deadIds.has(vmid))),
    off: survey.off,
    quorate: survey.cluster === undefined,
  };
}

async function describeLook(patient: Patient, survey: Survey): Promise<OrphanReport['looked']> {
  const { instance, vmidRange } = patient;
  return {
    nodes: survey.online,
    storages: [...new Set(survey.stores.stores.map(({ storage }) => storage))],
    storagesMayBeHidden: !(await patient.may('Datastore.Audit', '/storage')),
    vms: survey.readings.configs.size,
    vmids: `${vmidRange.low}-${vmidRange.high}`,
    otherInstances: countOthers(survey.readings.configs, instance),
  };
}

/** Undefined where the cluster has quorum; without it what a node shows may be long past. */
async function judgeQuorum(patient: Patient): Promise<Unseen | undefined> {
  const what = 'the cluster';
  if (!(await patient.may('Sys.Audit', '/'))) {
    return { what, why: 'whether it has quorum cannot be seen', remedy: grant('Sys.Audit', '/') };
  }
  const { quorate } = await readClusterStatus(patient.pve, patient.call);
  if (quorate) return undefined;
  const why = 'it has no quorum: what is shown may be past';
  return { what, why, remedy: 'Bring the cluster back to quorum and look again' };
}

function hiddenByNode(node: NodeName, guests: ReadonlyMap<Vmid, GuestEntry>): Unseen {
  const count = [...guests.values()].filter((guest) => guest.node === node && guest.type === 'qemu').length;
  const why = `it is off, so its local storages and its VMs (${count}) could not be looked at`;
  return { what: `node ${node}`, why, remedy: 'Look again once the node is back' };
}

/** Storages that VMs name and PVE does not show us. */
function hiddenStorages({ readings, stores }: Survey): Unseen[] {
  const named = [...readings.configs].flatMap(([vmid, { values }]) =>
    volumesNamed(values).flatMap((volid) => {
      const [, storage] = /^([a-zA-Z][\w.-]*):(?:.*[/])?(?:(?:vm|base)-\d+-|vrtg-)/.exec(volid) ?? [];
      return storage === undefined || stores.shown.has(storage) ? [] : [[storage, vmid] as const];
    }),
  );
  return [...new Map(named)].map(([storage, vmid]) => ({
    what: `storage ${storage}`,
    why: `VM ${vmid} uses it, and PVE does not show it to us`,
    remedy: grant('Datastore.Audit', `/storage/${storage}`),
  }));
}

/** A token that may see single VMs or pools only is told of no others. */
async function hiddenGuests(patient: Patient): Promise<Unseen[]> {
  if (await patient.may('VM.Audit', '/vms')) return [];
  return [{ what: 'VMs', why: 'PVE lists only those that we may audit', remedy: grant('VM.Audit', '/vms') }];
}

/** Volumes of VMs by their names: disks, and cloud-init ISOs of a provider's. */
function ownedVolume(stored: StoredVolume): OwnedVolume[] {
  const { volid, content } = stored.volume;
  const isDisk = content === 'images' && /[:/](?:vm|base)-\d+-[^/]*$/.test(volid);
  const owner = isDisk ? stored.volume.vmid : asVmid(parseIsoVolume(volid)?.vmid);
  return owner === undefined ? [] : [{ ...stored, owner }];
}

function countOthers(configs: ReadonlyMap<Vmid, VmConfig>, instance: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const [vmid, { values }] of configs) {
    const reading = readClaim(values['description']);
    if (judgeOwnership(reading, instance, vmid).kind !== 'foreign') continue;
    const name = reading.kind === 'claim' ? reading.claim.instance : 'unknown';
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
