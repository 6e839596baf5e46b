// What a person reads at the end: the VMs there are, what they should know, and what they can do next.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { KubeObject } from '#kube/object';
import { readFields } from '../kubectl/fields.ts';
import { tableLines } from '../vrtg/table.ts';
import type { SimulatorInfo } from './simulator-info.ts';
import { standingOf } from './standing.ts';

const HEADINGS = ['VM', 'ID', 'NODE', 'PHASE', 'IP'] as const;

/** Lines; none where there is no VM. */
export function vmTable(vms: readonly KubeObject[]): string[] {
  if (vms.length === 0) return [];
  const rows = vms.map((vm) => {
    const fields = readFields(vm);
    return [
      vm.metadata.name,
      fields.text('status', 'id') ?? '-',
      fields.text('status', 'provider', 'node') ?? '-',
      fields.text('status', 'phase') ?? '-',
      fields.texts('status', 'ips').join(', ') || '-',
    ];
  });
  return ['', ...tableLines([HEADINGS, ...rows]).map((line) => `    ${line}`)];
}

/** Each once. */
export function noteLines(objects: readonly KubeObject[]): string[] {
  const notes = objects.flatMap((object) => standingOf(object).notes).map((note) => `    ${note}`);
  return notes.length === 0 ? [] : ['', 'To know:', ...new Set(notes)];
}

export interface Place {
  readonly kubeconfig: string;
  /** Of the plugins. */
  readonly plugins: string;
  readonly simulator: SimulatorInfo | undefined;
  /** The person's own. */
  readonly path: string;
}

export function nextSteps({ kubeconfig, plugins, simulator, path }: Place, vms: readonly KubeObject[]): string[] {
  const vm = vms.find(({ metadata }) => metadata.name === 'web-server') ?? vms[0];
  const name = vm?.metadata.name ?? 'NAME';
  return [
    '',
    'Everything stays up until Ctrl-C. In a second terminal:',
    '',
    `  export KUBECONFIG=${kubeconfig}`,
    `  export PATH="${plugins}:$PATH"`,
    ...(vm === undefined ? ['  kubectl get prov'] : []),
    '  kubectl get vm',
    `  kubectl describe vm ${name}`,
    `  kubectl vm why ${name}`,
    `  kubectl vm reboot ${name}`,
    ...(isOnPath('kubectl', path)
      ? []
      : [
          '',
          'There is no kubectl here yet: scripts/fetch-kubectl.sh brings one into .cache/kubectl, which goes onto the PATH.',
        ]),
    ...(simulator === undefined ? [] : ['', ...behind(simulator)]),
  ];
}

function behind({ controlUrl }: SimulatorInfo): string[] {
  return [`What the simulated Proxmox VE has, and was asked: curl ${controlUrl}/world, ${controlUrl}/journal`];
}

function isOnPath(program: string, path: string): boolean {
  return path.split(delimiter).some((folder) => folder !== '' && existsSync(join(folder, program)));
}
