import type { Claim } from '#claim/record';
import type { Adoption } from '#doctor/adopt/adopt-vm';
import type { SurveyedVm, VmSurvey } from '#doctor/adopt/survey';
import { tableLines } from '../table.ts';
import type { Wishes } from './wishes.ts';

/** The VMs there are, whose they are, and how to adopt those that are nobody's. */
export function surveyText({ vms, unseen }: VmSurvey, instance: string): string {
  const head = ['VMID', 'NAME', 'NODE', 'POOL', 'TAGS', 'WHOSE'];
  const rows = vms.map((vm) => [
    String(vm.vmid),
    vm.name ?? '',
    vm.node,
    vm.pool ?? '',
    vm.tags.join(';'),
    whoseWords(vm),
  ]);
  const free = vms.filter(({ claim, template }) => claim === 'none' && !template).length;
  return text([
    ...(vms.length === 0 ? ['There is no VM that meets the filters.'] : tableLines([head, ...rows])),
    '',
    ...section(
      'Could not be looked at:',
      unseen.map(({ what, why, remedy }) => `${what}: ${why}. ${remedy}.`),
    ),
    `${free} of ${vms.length} VMs can be adopted by instance ${instance}: "vrtg adopt VMID..." adopts single ones, --all with the same filters all of them.`,
  ]);
}

function whoseWords({ whose, template, lock }: SurveyedVm): string {
  return [whose, ...(template ? ['a template'] : []), ...(lock === undefined ? [] : [`locked (${lock})`])].join('; ');
}

export interface AdoptionResult extends Pick<Wishes, 'refused' | 'leftOut'> {
  readonly instance: string;
  readonly dryRun: boolean;
  readonly vms: readonly Adoption[];
}

/** A line for each VM, and one that sums up. */
export function adoptionsText({ instance, dryRun, vms, refused, leftOut }: AdoptionResult): string {
  const done = dryRun ? 'would be adopted' : 'adopted';
  const count = (kind: Adoption['outcome']['kind']): number =>
    vms.filter(({ outcome }) => outcome.kind === kind).length;
  return text([
    ...vms.map((vm) => `${title(vm)}: ${outcomeWords(vm, done)}`),
    ...refused.map(({ what, why, remedy }) => `${what}: refused: ${why}. ${remedy}.`),
    ...leftOut.map((what) => `Left out: ${what}.`),
    ...(vms.length + refused.length + leftOut.length === 0 ? ['There is nothing to adopt.'] : []),
    '',
    `${count('adopted')} ${done}, ${count('refused') + refused.length} refused, ${count('ours')} ours already, as instance ${instance}.`,
  ]);
}

function title({ vmid, name, node }: Adoption): string {
  const place = node === undefined ? '' : ` on ${node}`;
  return name === undefined ? `VM ${vmid}${place}` : `VM ${vmid} (${name}${place})`;
}

function outcomeWords({ outcome }: Adoption, done: string): string {
  if (outcome.kind === 'refused') return `refused: ${outcome.why}. ${outcome.remedy}.`;
  if (outcome.kind === 'ours') return `ours already, as ${ownerWords(outcome.claim)}: left as it is.`;
  const before = outcome.from === undefined ? '' : `; until now it belonged to ${outcome.from}`;
  return `${done}, as ${ownerWords(outcome.claim)}${before}.`;
}

function ownerWords({ name, namespace, uid }: Claim): string {
  const full = namespace === undefined ? name : `${namespace}/${name}`;
  return uid === undefined ? full : `${full} (uid ${uid})`;
}

function section(heading: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [heading, ...lines.map((line) => `  ${line}`), ''];
}

function text(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`;
}
