// Which VMs somebody wants adopted: by their ids, or by the VirtualMachines of a cluster.
import type { VmObject } from '#crd/vm-object';
import type { AdoptionWish, Refusal } from '#doctor/adopt/decide';
import { parseVmReference, type Vmid } from '#pve/ids';

export interface Wishes {
  readonly wishes: readonly AdoptionWish[];
  /** What was named and is no VM to adopt. */
  readonly refused: readonly (Refusal & { readonly what: string })[];
  /** VirtualMachines that are none of this provider's, or have no VM yet: sentences without the final stop. */
  readonly leftOut: readonly string[];
}

const AN_ID = 'Use a VMID such as 100123';

export function wishesFromIds(ids: readonly string[]): Wishes {
  const read = [...new Set(ids)].map((id) => ({ id, vmid: parseVmReference(id) }));
  return {
    wishes: read.flatMap(({ vmid }) => (vmid === undefined ? [] : [{ vmid }])),
    refused: read.flatMap(({ id, vmid }) =>
      vmid === undefined ? [{ kind: 'refused' as const, what: `"${id}"`, why: 'it is no VMID', remedy: AN_ID }] : [],
    ),
    leftOut: [],
  };
}

export interface ObjectTerms {
  /** `namespace/name` of the Provider whose VirtualMachines these are. */
  readonly provider: string;
  readonly withUid: boolean;
}

export function wishesFromObjects(objects: readonly VmObject[], { provider, withUid }: ObjectTerms): Wishes {
  const own = objects.filter((object) => object.provider === provider);
  const placed = own
    .filter(({ id }) => id !== undefined)
    .map((object) => ({ object, vmid: parseVmReference(object.id ?? '') }));
  const times = countIds(placed.map(({ vmid }) => vmid));
  const wishes: AdoptionWish[] = [];
  const refused: (Refusal & { what: string })[] = [];
  for (const { object, vmid } of placed) {
    const refuse = (why: string, remedy: string): unknown =>
      refused.push({ kind: 'refused', what: title(object), why, remedy });
    if (vmid === undefined) refuse(`its status.id "${object.id}" is no VMID`, 'Check which provider has made it');
    else if ((times.get(vmid) ?? 0) > 1)
      refuse(`VM ${vmid} is the status.id of another VirtualMachine too`, 'Delete one of them');
    else wishes.push({ vmid, owner: ownerOf(object, withUid) });
  }
  const unplaced = own.filter(({ id }) => id === undefined);
  return {
    wishes,
    refused,
    leftOut: [...unplaced.map((object) => `${title(object)} has no status.id yet`), ...others(objects, provider)],
  };
}

function ownerOf({ name, namespace, uid }: VmObject, withUid: boolean): NonNullable<AdoptionWish['owner']> {
  return { name, namespace, ...(withUid && uid !== undefined ? { uid } : {}) };
}

function countIds(vmids: readonly (Vmid | undefined)[]): ReadonlyMap<Vmid, number> {
  const times = new Map<Vmid, number>();
  for (const vmid of vmids) if (vmid !== undefined) times.set(vmid, (times.get(vmid) ?? 0) + 1);
  return times;
}

function others(objects: readonly VmObject[], provider: string): string[] {
  const counts = new Map<string, number>();
  for (const { provider: name = 'none' } of objects)
    if (name !== provider) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => `${count} of provider ${name}, not ${provider}`);
}

function title({ namespace, name }: VmObject): string {
  return `VirtualMachine ${namespace}/${name}`;
}
