// Whether anybody still works on a VM that is not finished. No field of a VM says so, and no single look proves it: a
// new configuration is visible before its task is listed, and a run may pause between two tasks (pve-behaviour 28.4).
import type { Vmid } from '#pve/ids';
import { parseImageFile } from './image-file.ts';

/** A task that runs on the VM's node now. */
export interface ActiveTask {
  readonly type: string;
  /** A VMID for most types; of a qmclone the source's, of a download the name of the file. */
  readonly id: string;
  /** Seconds since the epoch, the node's clock. */
  readonly starttime: number;
}

/** One look at a VM and at the active tasks of its node. */
export interface QuietLook {
  readonly node: string;
  readonly digest: string;
  readonly tasks: readonly ActiveTask[];
  /** Ms of the clock that the looks are timed by. */
  readonly now: number;
  /** Seconds since the epoch by PVE's clock. */
  readonly pveNow: number;
  /** PVE's time at which its making began, where a claim tells it: older copies are not its origin. */
  readonly begunAt?: number | undefined;
}

/** What all looks since the last change have shown. */
export interface Quiet {
  readonly node: string;
  readonly digest: string;
  /** PVE's time of the first of these looks. */
  readonly firstSeen: number;
  /** Ms of the clock: the first look of the unbroken row without a task that may be at work; undefined while there is one. */
  readonly since: number | undefined;
  /** Ms of the clock: the last look. */
  readonly until: number;
}

/** So far apart have two looks without a change and without a task to be. */
const QUIET_MS = 30_000;
/** The clocks of two nodes may differ by so much. */
const CLOCK_SKEW_SECONDS = 120;

/** Adds a look to what is known. A change of the configuration or of the node begins anew. */
export function lookAgain(known: Quiet | undefined, vmid: Vmid, look: QuietLook): Quiet {
  const isSame = known?.node === look.node && known.digest === look.digest;
  const firstSeen = isSame ? known.firstSeen : look.pveNow;
  const isWorkedOn = look.tasks.some((task) => mayWorkOn(task, vmid, look.begunAt ?? 0, firstSeen));
  const since = isWorkedOn ? undefined : ((isSame ? known.since : undefined) ?? look.now);
  return { node: look.node, digest: look.digest, firstSeen, since, until: look.now };
}

/** Whether nobody worked on it any more at the last look. */
export function isDead(quiet: Quiet): boolean {
  return quiet.since !== undefined && quiet.until - quiet.since >= QUIET_MS;
}

/** A copy that began before the VM's making or after the VM was first seen cannot be its origin. */
function mayWorkOn(task: ActiveTask, vmid: Vmid, begunAt: number, firstSeen: number): boolean {
  // What brings the disk of a template has the name of its file for an id.
  if (task.type === 'download') return parseImageFile(task.id)?.vmid === vmid;
  if (task.type !== 'qmclone') return task.id === String(vmid);
  return task.starttime >= begunAt - CLOCK_SKEW_SECONDS && task.starttime <= firstSeen + CLOCK_SKEW_SECONDS;
}
