// Which VMs there are to adopt, and whose the others are.
import { describeClaimant, judgeOwnership } from '#claim/ownership';
import { readClaim } from '#claim/record';
import { type GuestEntry, listGuests } from '#pve/cluster/resources';
import type { NodeName, Vmid } from '#pve/ids';
import { readConfig, type VmConfig } from '#pve/qemu/config';
import { inTurn } from '../in-turn.ts';
import type { Patient } from '../patient.ts';
import { type Unseen, unseen } from '../unseen.ts';

/** A VM must meet all that are given. */
export interface VmFilter {
  /** Whole names, with `*` and `?`. */
  readonly name?: string | undefined;
  readonly node?: string | undefined;
  readonly pool?: string | undefined;
  readonly tag?: string | undefined;
}

export interface SurveyedVm {
  readonly vmid: Vmid;
  readonly name: string | undefined;
  readonly node: NodeName;
  readonly pool: string | undefined;
  readonly tags: readonly string[];
  readonly template: boolean;
  readonly lock: string | undefined;
  readonly claim: 'none' | 'ours' | 'foreign';
  /** `nobody`, `ours, VM team-a/web`, `virtrigaud instance other/one, VM db`. */
  readonly whose: string;
}

export interface VmSurvey {
  readonly vms: readonly SurveyedVm[];
  readonly unseen: readonly Unseen[];
}

/** One request for the list, and one for each VM that meets the filter, for its claim. */
export async function surveyVms(patient: Patient, filter: VmFilter): Promise<VmSurvey> {
  const guests = (await listGuests(patient.pve, patient.call)).filter((guest) => guest.type === 'qemu');
  const read = await inTurn(
    patient,
    guests.filter((guest) => meets(guest, filter)),
    async (guest) => await surveyVm(patient, guest),
  );
  const vms = read.flatMap((one) => ('vmid' in one ? [one] : []));
  return {
    vms: vms.toSorted((a, b) => a.vmid - b.vmid),
    unseen: read.flatMap((one) => ('vmid' in one ? [] : [one])),
  };
}

async function surveyVm({ pve, instance, call }: Patient, guest: GuestEntry): Promise<SurveyedVm | Unseen> {
  const { vmid, node, pool, tags } = guest;
  try {
    const config = await readConfig(pve, guest, call);
    const { name } = config.values;
    const template = config.values['template'] === '1';
    return { vmid, name, node, pool, tags, template, lock: config.lock, ...whose(vmid, config, instance) };
  } catch (error) {
    return unseen(`VM ${vmid} on ${node}`, error);
  }
}

function whose(vmid: Vmid, { values }: VmConfig, instance: string): Pick<SurveyedVm, 'claim' | 'whose'> {
  const ownership = judgeOwnership(readClaim(values['description']), instance, vmid);
  if (ownership.kind === 'unclaimed') return { claim: 'none', whose: 'nobody' };
  if (ownership.kind === 'foreign') return { claim: 'foreign', whose: ownership.by };
  return { claim: 'ours', whose: describeClaimant(ownership.claim).replace(/^.*, VM /, 'ours, VM ') };
}

function meets({ name, node, pool, tags }: GuestEntry, filter: VmFilter): boolean {
  if (filter.name !== undefined && !globToRegExp(filter.name).test(name ?? '')) return false;
  if (filter.node !== undefined && filter.node !== node) return false;
  if (filter.pool !== undefined && filter.pool !== pool) return false;
  return filter.tag === undefined || tags.includes(filter.tag);
}

function globToRegExp(glob: string): RegExp {
  const source = glob
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 'i');
}
