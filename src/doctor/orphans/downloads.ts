// Disk images that were fetched from the web and that nothing needs any more: import content is named by no configuration,
// so that only a name and a time tell.
import { parseImageFile } from '#claim/image-file';
import { judgeOwnership } from '#claim/ownership';
import { readClaim } from '#claim/record';
import { isVmidFree } from '#pve/cluster/nextid';
import { asVmid, type Vmid } from '#pve/ids';
import { isInRange, type Patient } from '../patient.ts';
import { free, sharedCaution } from './describe.ts';
import type { Orphan } from './orphan.ts';
import { type StoredVolume, stillThere } from './stores.ts';
import type { KnownGuests } from './unnamed.ts';
import type { Unseen } from '../unseen.ts';

/** So long the VM of an image that was brought by itself may still have to be made. */
const MAY_BE_WAITED_FOR_SECONDS = 24 * 3600;

/** The name ImportDisk gives: `vrtg-<target>-<12 hex digits>.<format>`. */
const BROUGHT = /^vrtg-.+-[0-9a-f]{12}\.(?:qcow2|raw|vmdk)$/;

export async function findDownloads(
  patient: Patient,
  volumes: readonly StoredVolume[],
  known: KnownGuests,
): Promise<{ readonly orphans: readonly Orphan[]; readonly unseen: readonly Unseen[] }> {
  const imports = volumes.filter(({ volume }) => volume.content === 'import');
  const judged = await Promise.all(imports.map(async (one) => [one, await whyLeft(patient, one, known)] as const));
  const left = judged.flatMap(([one, left]) => (left === undefined ? [] : [{ ...one, left }]));
  if (left.length === 0) return { orphans: [], unseen: [] };
  const { volumes: there, unseen } = await stillThere(patient, left);
  return { orphans: there.map(toOrphan), unseen };
}

interface Left {
  readonly vmid?: Vmid;
  readonly why: string;
  readonly caution?: string;
}

async function whyLeft(patient: Patient, stored: StoredVolume, known: KnownGuests): Promise<Left | undefined> {
  const { volume, shared } = stored;
  const name = volume.volid.replace(/^[^/]*\//, '');
  const ofTemplate = parseImageFile(name);
  const vmid = asVmid(ofTemplate?.vmid);
  if (ofTemplate !== undefined && vmid !== undefined) {
    if (!isInRange(patient, vmid) || !(await isUnneeded(patient, vmid, ofTemplate.incarnation, known)))
      return undefined;
    const caution = shared ? { caution: sharedCaution(vmid) } : {};
    return { vmid, why: `fetched for template ${vmid}, which does not need it, or is gone`, ...caution };
  }
  const age = (patient.pve.serverTime() ?? 0) - (volume.createdSeconds ?? Number.POSITIVE_INFINITY);
  if (!BROUGHT.test(name) || age < MAY_BE_WAITED_FOR_SECONDS) return undefined;
  const days = Math.floor(age / MAY_BE_WAITED_FOR_SECONDS);
  const why = `fetched by ImportDisk ${days === 1 ? 'a day' : `${days} days`} ago; a VM made of it has a copy`;
  return { why, caution: 'make sure that the VM it was fetched for is made' };
}

/** Whether the VM is not, or no longer, the template that is made of it. */
async function isUnneeded(
  { pve, call }: Patient,
  vmid: Vmid,
  incarnation: string,
  { guests, configs, quorate }: KnownGuests,
): Promise<boolean> {
  if (!guests.has(vmid)) return quorate && (await isVmidFree(pve, vmid, call));
  const config = configs.get(vmid);
  // One that could not be read is told of elsewhere.
  if (config === undefined || (config.lock !== undefined && config.values['description'] === undefined)) return false;
  const reading = readClaim(config.values['description']);
  const owner = reading.kind === 'claim' ? judgeOwnership(reading, reading.claim.instance, vmid) : undefined;
  return owner?.kind !== 'ours' || owner.claim.incarnation !== incarnation || owner.claim.state !== 'creating';
}

function toOrphan({ volume, node, left }: StoredVolume & { readonly left: Left }): Orphan {
  return { kind: 'download', ...left, volume: volume.volid, node, commands: [free(volume.volid)], volumes: [] };
}
