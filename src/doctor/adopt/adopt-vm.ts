import type { Claim } from '#claim/record';
import { isVmidFree } from '#pve/cluster/nextid';
import { type GuestEntry, listGuests } from '#pve/cluster/resources';
import { isUnknownOutcome, PveError } from '#pve/errors';
import type { NodeName, Vmid } from '#pve/ids';
import { putConfig, readConfig } from '#pve/qemu/config';
import { saidBy } from '#pve/said';
import type { Patient } from '../patient.ts';
import { grant, unseen } from '../unseen.ts';
import { type AdoptionWish, decideAdoption, type Refusal } from './decide.ts';

export interface AdoptOptions {
  /** Whether other claims may be replaced. */
  readonly takeOver: boolean;
  /** Decides and writes nothing. */
  readonly dryRun: boolean;
}

/** What became of one VM; where it was found, and its name in PVE. */
export interface Adoption {
  readonly vmid: Vmid;
  readonly node?: NodeName;
  readonly name?: string;
  readonly outcome: AdoptionOutcome;
}

export type AdoptionOutcome =
  /** Its claim is ours now, or would be. */
  | { readonly kind: 'adopted'; readonly claim: Claim; readonly from?: string }
  /** It was ours before. */
  | { readonly kind: 'ours'; readonly claim: Claim }
  | Refusal;

/** A VM that moves, or that somebody else changes, is looked at so many times. */
const LOOKS = 5;
const PAUSE_MS = 250;

/**
 * Reads the VM, decides, and writes the claim under the digest that was read. Rejects only where PVE as a whole fails.
 * @param guests the cluster as it was just read; it is read again where the VM is not there.
 */
export async function adoptVm(
  patient: Patient,
  wish: AdoptionWish,
  options: AdoptOptions,
  guests: readonly GuestEntry[],
): Promise<Adoption> {
  const { pve, call } = patient;
  const { vmid } = wish;
  const tries: Tries = { written: undefined };
  let list = guests;
  let failure: unknown;
  for (let look = 1; look <= LOOKS; look++) {
    const guest = list.find((one) => one.vmid === vmid);
    if (guest === undefined) return { vmid, outcome: await explainAbsence(patient, vmid) };
    if (guest.type === 'lxc') return { vmid, node: guest.node, outcome: container() };
    try {
      return await adoptAt(patient, wish, options, guest, tries);
    } catch (error) {
      if (!mayPass(error)) return { vmid, node: guest.node, outcome: failed(vmid, error) };
      failure = error;
    }
    await pve.clock.sleep(PAUSE_MS, call.signal);
    list = await listGuests(pve, call);
  }
  return { vmid, outcome: failed(vmid, failure) };
}

interface Tries {
  /** What an earlier write of ours may have put there, its answer being lost. */
  written: Claim | undefined;
}

async function adoptAt(
  { pve, instance, call }: Patient,
  wish: AdoptionWish,
  { takeOver, dryRun }: AdoptOptions,
  guest: GuestEntry,
  tries: Tries,
): Promise<Adoption> {
  const config = await readConfig(pve, guest, call);
  const name = config.values['name'];
  const found = { vmid: wish.vmid, node: guest.node, ...(name === undefined ? {} : { name }) };
  const decision = decideAdoption(wish, guest.node, config, { instance, takeOver, now: pve.serverTime() ?? 0 });
  if (decision.kind === 'ours' && decision.claim.incarnation === tries.written?.incarnation) {
    return { ...found, outcome: { kind: 'adopted', claim: decision.claim } };
  }
  if (decision.kind !== 'claim') return { ...found, outcome: decision };
  const { claim, description, from } = decision;
  if (!dryRun) {
    tries.written = claim;
    await putConfig(pve, guest, { digest: config.digest, set: { description } }, call);
  }
  return { ...found, outcome: { kind: 'adopted', claim, ...(from === undefined ? {} : { from }) } };
}

/** Somebody was quicker, the VM has moved, or the answer was lost: look again. */
function mayPass(error: unknown): boolean {
  const kind = saidBy(error)?.kind;
  return kind === 'digest-mismatch' || kind === 'vm-missing' || kind === 'lock-timeout' || isUnknownOutcome(error);
}

function failed(vmid: Vmid, error: unknown): Refusal {
  const { why, remedy } = unseen(`VM ${vmid}`, error);
  // PVE names every privilege with which one may change anything at all.
  const isForbidden = error instanceof PveError && error.status === 403 && error.method === 'PUT';
  return { kind: 'refused', why, remedy: isForbidden ? grant('VM.Config.Options', `/vms/${vmid}`) : remedy };
}

function container(): Refusal {
  return { kind: 'refused', why: 'it is a container', remedy: 'Providers own VMs only' };
}

async function explainAbsence({ pve, call }: Patient, vmid: Vmid): Promise<Refusal> {
  if (await isVmidFree(pve, vmid, call)) {
    return { kind: 'refused', why: 'there is no VM with this id', remedy: 'Check the id' };
  }
  return {
    kind: 'refused',
    why: 'the id is in use, and PVE does not show us by what',
    remedy: grant('VM.Audit', `/vms/${vmid}`),
  };
}
