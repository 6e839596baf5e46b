import type { Deadline } from '#runtime/deadline';
import { asRows, flagOf, numberOf, requiredText, type Row, textOf } from '../answer.ts';
import { path } from '../connection/path.ts';
import type { Pve } from '../connection/pve.ts';
import { UnexpectedAnswer } from '../errors.ts';
import { asVmid, type NodeName, type Vmid } from '../ids.ts';

/** A VM as its own node has it at this moment: read from its processes and configurations, so never behind. */
export interface NodeVm {
  readonly vmid: Vmid;
  /** `VM 100` for one without a name. */
  readonly name: string;
  /** `running` or `stopped`. */
  readonly status: string;
  readonly template: boolean;
  readonly lock: string | undefined;
  readonly tags: string;
  readonly cpus: number | undefined;
  readonly maxMemoryBytes: number | undefined;
  /** Of the boot disk. */
  readonly maxDiskBytes: number | undefined;
}

/** The VMs of a node that we may see (VM.Audit), in one answer (pve-behaviour 10). */
export async function listNodeVms(pve: Pve, node: NodeName, call: Deadline): Promise<readonly NodeVm[]> {
  return asRows(await pve.get(path`/nodes/${node}/qemu`, call), 'VM list').map(nodeVm);
}

function nodeVm(row: Row): NodeVm {
  const vmid = asVmid(row['vmid']);
  if (vmid === undefined) throw new UnexpectedAnswer('a VM without an id', row);
  return {
    vmid,
    name: textOf(row, 'name') ?? '',
    status: requiredText(row, 'status', 'VM list'),
    template: flagOf(row, 'template'),
    lock: textOf(row, 'lock'),
    tags: textOf(row, 'tags') ?? '',
    cpus: numberOf(row, 'cpus'),
    maxMemoryBytes: numberOf(row, 'maxmem'),
    maxDiskBytes: numberOf(row, 'maxdisk'),
  };
}
