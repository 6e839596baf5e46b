import type { Orphan, OrphanReport } from '#doctor/orphans/orphan';
import { tableLines } from './table.ts';

const HEAD = ['KIND', 'VMID/VOLUME', 'NODE', 'WHY'];

/** The report for a person: a table with the commands below each row, what could not be looked at, and a last line that sums up. */
export function orphansText(report: OrphanReport): string {
  const { orphans, workedOn, unseen } = report;
  const lines = [
    ...(orphans.length === 0 ? [] : [...orphanLines(orphans), '']),
    ...section(
      'Not finished, and not left behind either: somebody works on these. Look again later.',
      workedOn.map(({ vmid, node, why }) => `VM ${vmid} on ${node}: ${why}`),
    ),
    ...section(
      'Could not be looked at, so there may be more:',
      unseen.map(({ what, why, remedy }) => `${what}: ${why}. ${remedy}.`),
    ),
    ...summary(report),
  ];
  return `${lines.join('\n')}\n`;
}

function orphanLines(orphans: readonly Orphan[]): string[] {
  const rows = tableLines([
    HEAD,
    ...orphans.map((one) => [one.kind, one.volume ?? String(one.vmid), one.node, one.why]),
  ]);
  const [head = '', ...others] = rows;
  return [head, ...others.flatMap((row, index) => [row, ...remedyLines(orphans[index])])];
}

function remedyLines(orphan: Orphan | undefined): string[] {
  if (orphan === undefined) return [];
  const { node, instead, caution, commands, volumes } = orphan;
  return [
    ...(volumes.length === 0 ? [] : [`    with it: ${volumes.join(', ')}`]),
    ...(instead === undefined ? [] : [`    either ${instead}, or`]),
    ...(caution === undefined ? [] : [`    first ${caution}`]),
    `    on ${node}, as root:`,
    ...commands.map((command) => `      ${command}`),
  ];
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`), ''];
}

function summary({ orphans, unseen, looked, instance }: OrphanReport): string[] {
  const found = orphans.length === 0 ? 'Nothing is left behind' : `${orphans.length} left behind`;
  const where = unseen.length === 0 ? '' : ', as far as could be looked';
  const { nodes, storages, storagesMayBeHidden, vms, vmids, otherInstances } = looked;
  const others = Object.entries(otherInstances).map(([name, count]) => `${name} (${count})`);
  return [
    `${found}${where}.`,
    `Looked at nodes ${listed(nodes)}, storages ${listed(storages)} and ${vms} VMs with ids ${vmids}, as instance ${instance}.`,
    ...(storagesMayBeHidden ? ['Other storages, if there are any, are hidden from this token (Datastore.Audit).'] : []),
    ...(others.length === 0 ? [] : [`VMs of other instances, left to them: ${others.join(', ')}.`]),
  ];
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.join(', ');
}
