// What each kind of orphan is called, and the lines that remove it.
import { type Claim, readClaim } from '#claim/record';
import { parseIsoVolume } from '#cloudinit/file-name';
import type { KnownGuests, OwnedVolume } from './unnamed.ts';
import type { Orphan } from './orphan.ts';
import type { Suspect, SuspectKind } from './suspect.ts';
import { volumesNamed } from './named-volumes.ts';

/** A VM that is left over, with the volumes of its id that no VM names: these do not go with it by themselves. */
export function vmOrphan(suspect: Suspect, unnamed: readonly OwnedVolume[]): Orphan {
  const { kind, guest, config, claim } = suspect;
  const { vmid, node } = guest;
  const isos = volumesNamed(config.values).filter((volid) => isIsoOf(volid, claim));
  const left = [...isos, ...unnamed.map(({ volume }) => volume.volid)];
  const isLocked = config.lock !== undefined;
  const destroy = isLocked ? [`qm unlock ${vmid}`, `qm destroy ${vmid}`] : [`pvesh delete /nodes/${node}/qemu/${vmid}`];
  const caution = unnamed.some(({ shared }) => shared) ? { caution: sharedCaution(vmid) } : {};
  return {
    kind,
    vmid,
    node,
    why: WHY[kind](config.lock, describeOwner(claim)),
    ...(kind === 'unfinished' ? { instead: claim?.kind === 'clone' ? ASK : REPEAT } : {}),
    ...caution,
    commands: [...destroy, ...left.map(free)],
    volumes: [...disksNamed(suspect), ...left],
  };
}

/** A volume that no VM names, whose VM is gone or another one. */
export function volumeOrphan(stored: OwnedVolume, known: KnownGuests): Orphan {
  const { owner, volume, node, shared } = stored;
  const iso = parseIsoVolume(volume.volid);
  return {
    kind: iso === undefined ? 'volume' : 'iso',
    vmid: owner,
    volume: volume.volid,
    node,
    why: iso === undefined ? whyDisk(stored, known) : whyIso(iso.incarnation, stored, known),
    ...(shared ? { caution: sharedCaution(owner) } : {}),
    commands: [free(volume.volid)],
    volumes: [],
  };
}

const REPEAT = 'repeat the create, which goes on from here (the manager does so as long as its VirtualMachine exists)';

const ASK =
  'ask the provider what became of its task, or to describe it, which goes on from here; the request is kept in its description';

type Why = (lock: string | undefined, owner: string) => string;

const WHY: Readonly<Record<SuspectKind, Why>> = {
  stub: (lock, owner) => `locked (${lock ?? ''}) by a create that died, and nobody works on it; ${owner}`,
  destroyed: (_lock, owner) => `a delete freed its disks and then died, and PVE refuses to delete the rest; ${owner}`,
  unfinished: (_lock, owner) => `a create that stopped on its way and was never repeated; ${owner}`,
  void: (_lock, owner) => `it was being taken away, and nobody goes on with that; ${owner}`,
};

function describeOwner(claim: Claim | undefined): string {
  if (claim === undefined) return 'nothing in it says whose it was';
  const name = claim.namespace === undefined ? claim.name : `${claim.namespace}/${claim.name}`;
  return `made for VM ${name} at ${new Date(claim.time * 1000).toISOString()}`;
}

function disksNamed({ guest, config }: Suspect): string[] {
  const own = new RegExp(`(?:^|[:/])(?:vm|base)-${guest.vmid}-`);
  return volumesNamed(config.values).filter((volid) => own.test(volid));
}

function isIsoOf(volid: string, claim: Claim | undefined): boolean {
  return claim !== undefined && parseIsoVolume(volid)?.incarnation === claim.incarnation;
}

function whyDisk({ owner }: OwnedVolume, { guests }: KnownGuests): string {
  return guests.has(owner)
    ? `VM ${owner} does not name it, and no other VM does`
    : `there is no VM ${owner}, and no other VM names it`;
}

function whyIso(incarnation: string, { owner }: OwnedVolume, { guests, configs }: KnownGuests): string {
  if (!guests.has(owner)) return `cloud-init of VM ${owner}, which is gone`;
  const reading = readClaim(configs.get(owner)?.values['description']);
  if (reading.kind !== 'claim') return `cloud-init of VM ${owner}, which has no claim any more and does not use it`;
  return reading.claim.incarnation === incarnation
    ? `an earlier cloud-init of VM ${owner}, which does not use it`
    : `cloud-init of an earlier VM ${owner}; the VM that has the id now is another one`;
}

export function sharedCaution(vmid: number): string {
  return `make sure that no other cluster uses the storage: the volume may be its VM ${vmid}'s`;
}

export function free(volid: string): string {
  return `pvesm free ${volid}`;
}
