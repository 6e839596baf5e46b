// Every volume on every storage that the token may look at, each shared storage once.
import type { NodeName } from '#pve/ids';
import { listStorages, type StorageEntry } from '#pve/nodes/storage';
import { listVolumes, type Volume } from '#pve/storage/volumes';
import { inTurn } from '../in-turn.ts';
import type { Patient } from '../patient.ts';
import { grant, type Unseen, unseen } from '../unseen.ts';

/** A storage, and the node through which it is asked. */
export interface Store {
  readonly storage: string;
  readonly node: NodeName;
  readonly shared: boolean;
  /** Whether VMs' disks may be there, and not ISOs alone. */
  readonly holdsDisks: boolean;
}

export interface StoredVolume extends Store {
  readonly volume: Volume;
}

export interface Stores {
  readonly stores: readonly Store[];
  /** Names of all storages that PVE shows us, also of those that could not be looked into. */
  readonly shown: ReadonlySet<string>;
  readonly volumes: readonly StoredVolume[];
  readonly unseen: readonly Unseen[];
}

const CONTENT_OF_VMS = ['images', 'iso', 'import'];

export async function readStores(patient: Patient, nodes: readonly NodeName[]): Promise<Stores> {
  const hidden: Unseen[] = [];
  const shown = new Set<string>();
  const lists = await inTurn(patient, nodes, async (node) => await storesOf(patient, node, hidden, shown));
  const stores = eachOnce(lists.flat());
  hidden.push(...(await Promise.all(stores.map(async (store) => await hiddenIn(patient, store)))).flat());
  const volumes = await inTurn(patient, stores, async (store) => await volumesIn(patient, store, hidden));
  return { stores, shown, volumes: volumes.flat(), unseen: hidden };
}

async function storesOf(patient: Patient, node: NodeName, hidden: Unseen[], shown: Set<string>): Promise<Store[]> {
  try {
    const all = await listStorages(patient.pve, node, patient.call);
    for (const { storage } of all) shown.add(storage);
    const storages = all.filter(isForVms);
    for (const { storage } of storages.filter(({ active }) => !active)) {
      const why = 'it is not active there';
      hidden.push({
        what: `storage ${storage} on ${node}`,
        why,
        remedy: 'Bring it back, or disable it, and look again',
      });
    }
    return storages.filter(({ active }) => active).map(toStore(node));
  } catch (error) {
    hidden.push(unseen(`the storages of node ${node}`, error));
    return [];
  }
}

function toStore(node: NodeName): (entry: StorageEntry) => Store {
  return ({ storage, shared, content }) => ({ storage, node, shared, holdsDisks: content.includes('images') });
}

function isForVms({ enabled, content }: StorageEntry): boolean {
  return enabled && content.some((kind) => CONTENT_OF_VMS.includes(kind));
}

function eachOnce(stores: readonly Store[]): Store[] {
  const key = ({ storage, node, shared }: Store): string => (shared ? storage : `${node}/${storage}`);
  return [...new Map(stores.toReversed().map((store) => [key(store), store])).values()].toReversed();
}

/** PVE leaves out the disks of VMs that we may not configure, and says nothing about it (pve-behaviour 8.2). */
async function hiddenIn(patient: Patient, { storage, node, holdsDisks }: Store): Promise<Unseen[]> {
  const path = `/storage/${storage}`;
  if (!holdsDisks || (await patient.may('Datastore.Allocate', path))) return [];
  const what = `the disks on storage ${storage} (${node})`;
  if (!(await patient.may('Datastore.Audit', path))) {
    return [{ what, why: 'PVE does not list them', remedy: grant('Datastore.Audit', path) }];
  }
  if (await patient.may('VM.Config.Disk', '/vms')) return [];
  const why = 'PVE lists only those of VMs whose disks we may configure';
  return [{ what, why, remedy: grant('VM.Config.Disk', '/vms') }];
}

async function volumesIn(patient: Patient, store: Store, hidden: Unseen[]): Promise<StoredVolume[]> {
  try {
    const volumes = await listVolumes(patient.pve, store, patient.call);
    return volumes.filter(({ content }) => CONTENT_OF_VMS.includes(content)).map((volume) => ({ ...store, volume }));
  } catch (error) {
    hidden.push(unseen(`storage ${store.storage} on ${store.node}`, error));
    return [];
  }
}

/** Those of `volumes` that are there now: one that went meanwhile was somebody's to delete. */
export async function stillThere<V extends StoredVolume>(
  patient: Patient,
  volumes: readonly V[],
): Promise<{ readonly volumes: readonly V[]; readonly unseen: readonly Unseen[] }> {
  const hidden: Unseen[] = [];
  const again = await Promise.all(eachOnce(volumes).map(async (store) => await volumesIn(patient, store, hidden)));
  const found = new Set(again.flat().map(volumeKey));
  return { volumes: volumes.filter((volume) => found.has(volumeKey(volume))), unseen: hidden };
}

/** Local storages of two nodes may have volumes of one id. */
function volumeKey({ node, volume }: StoredVolume): string {
  return `${node}/${volume.volid}`;
}
