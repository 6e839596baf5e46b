// Whether somebody still works on a VM: no single look proves it, so there are two.
import { isDead, lookAgain, type Quiet } from '#claim/quiet';
import type { NodeName, Vmid } from '#pve/ids';
import { activeTasks, type TaskEntry } from '#pve/nodes/tasks';
import { readConfig } from '#pve/qemu/config';
import { saidBy } from '#pve/said';
import type { Patient } from '../patient.ts';
import { grant, type Unseen, unseen } from '../unseen.ts';
import type { WorkedOn } from './orphan.ts';
import { type Suspect, suspect } from './suspect.ts';

export type Verdict =
  /** Nobody works on it; with its configuration as it is now. */
  | { readonly kind: 'dead'; readonly suspect: Suspect }
  | { readonly kind: 'worked-on'; readonly workedOn: WorkedOn }
  | { readonly kind: 'unseen'; readonly unseen: Unseen };

/** A little more than a quiet VM has to be watched for. */
const LOOKS_APART_MS = 31_000;

/** Takes half a minute where there is a suspect, and no time where there is none. */
export async function judgeLiveness(patient: Patient, suspects: readonly Suspect[]): Promise<readonly Verdict[]> {
  if (suspects.length === 0) return [];
  const quiets = new Map<Vmid, Quiet>();
  const first = await lookAtAll(patient, suspects, quiets);
  if (first.every((verdict) => verdict.kind === 'unseen')) return first;
  await patient.pve.clock.sleep(LOOKS_APART_MS, patient.call.signal);
  return await lookAtAll(patient, suspects, quiets);
}

/** One look at each, and at the tasks of each node once. */
async function lookAtAll(
  patient: Patient,
  suspects: readonly Suspect[],
  quiets: Map<Vmid, Quiet>,
): Promise<readonly Verdict[]> {
  const { pve, call } = patient;
  const lists = new Map<NodeName, Promise<readonly TaskEntry[]>>();
  const tasksOf = async (node: NodeName): Promise<readonly TaskEntry[]> => {
    const list = lists.get(node) ?? activeTasks(pve, node, call);
    lists.set(node, list);
    return await list;
  };
  return await Promise.all(suspects.map(async (one) => await lookAt(patient, one, tasksOf, quiets)));
}

async function lookAt(
  patient: Patient,
  { guest, config: seen }: Suspect,
  tasksOf: (node: NodeName) => Promise<readonly TaskEntry[]>,
  quiets: Map<Vmid, Quiet>,
): Promise<Verdict> {
  const { vmid, node } = guest;
  const { pve, call } = patient;
  if (!(await patient.may('Sys.Audit', `/nodes/${node}`))) {
    return { kind: 'unseen', unseen: hiddenTasks(vmid, node, seen.lock) };
  }
  try {
    const [config, tasks] = await Promise.all([readConfig(pve, guest, call), tasksOf(node)]);
    const now = suspect(guest, config, patient.instance);
    if (now === undefined) return workedOn(vmid, node, 'it has been finished meanwhile');
    const look = {
      node,
      digest: config.digest,
      tasks,
      now: pve.clock.now(),
      pveNow: pve.serverTime() ?? 0,
      begunAt: now.claim?.time,
    };
    const quiet = lookAgain(quiets.get(vmid), vmid, look);
    quiets.set(vmid, quiet);
    if (isDead(quiet)) return { kind: 'dead', suspect: now };
    return workedOn(vmid, node, 'it has changed within half a minute, or a task that may be working on it is running');
  } catch (error) {
    if (saidBy(error)?.kind === 'vm-missing') return workedOn(vmid, node, 'it has moved or gone meanwhile');
    return { kind: 'unseen', unseen: unseen(`VM ${vmid} on ${node}`, error) };
  }
}

function workedOn(vmid: Vmid, node: NodeName, why: string): Verdict {
  return { kind: 'worked-on', workedOn: { vmid, node, why } };
}

function hiddenTasks(vmid: Vmid, node: NodeName, lock: string | undefined): Unseen {
  const state = lock === undefined ? 'not finished' : `locked (${lock})`;
  return {
    what: `VM ${vmid} on ${node}`,
    why: `it is ${state}, and without Sys.Audit PVE does not show whether somebody works on it`,
    remedy: grant('Sys.Audit', `/nodes/${node}`),
  };
}
