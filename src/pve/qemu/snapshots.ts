import type { Deadline } from '#runtime/deadline';
import { asRow, asRows, flagOf, numberOf, requiredText, requiredUpid, type Row, textOf } from '../answer.ts';
import { path } from '../connection/path.ts';
import type { Pve } from '../connection/pve.ts';
import type { Upid } from '../ids.ts';
import { type VmAt, vmPath } from './vm.ts';

export interface Snapshot {
  readonly name: string;
  readonly description: string;
  /** Seconds since the epoch. */
  readonly takenSeconds: number | undefined;
  /** Whether it holds the guest's memory. */
  readonly memory: boolean;
  readonly parent: string | undefined;
  /** `prepare` or `delete` where that was interrupted. */
  readonly state: string | undefined;
}

export interface SnapshotTree {
  /** In no particular order. */
  readonly snapshots: readonly Snapshot[];
  /** Of the VM's configuration at the same moment. */
  readonly digest: string;
}

/** The snapshots of a VM, in no particular order, without PVE's entry for the present (pve-behaviour 14.1). */
export async function listSnapshots(pve: Pve, vm: VmAt, call: Deadline): Promise<readonly Snapshot[]> {
  return snapshotsOf(await readRows(pve, vm, call));
}

/** The same with what PVE's entry for the present tells. */
export async function readSnapshotTree(pve: Pve, vm: VmAt, call: Deadline): Promise<SnapshotTree> {
  const rows = await readRows(pve, vm, call);
  const present = rows.find((row) => row['name'] === PRESENT) ?? {};
  return { snapshots: snapshotsOf(rows), digest: requiredText(present, 'digest', 'snapshot list') };
}

const PRESENT = 'current';

async function readRows(pve: Pve, vm: VmAt, call: Deadline): Promise<readonly Row[]> {
  return asRows(await pve.get(`${vmPath(vm)}/snapshot`, call), 'snapshot list');
}

function snapshotsOf(rows: readonly Row[]): readonly Snapshot[] {
  return rows
    .filter((row) => row['name'] !== PRESENT)
    .map((row) => ({
      name: requiredText(row, 'name', 'snapshot'),
      description: textOf(row, 'description') ?? '',
      takenSeconds: numberOf(row, 'snaptime'),
      memory: flagOf(row, 'vmstate'),
      parent: textOf(row, 'parent'),
      state: textOf(row, 'snapstate'),
    }));
}

/** The options that a snapshot has kept, as text (pve-behaviour 14.3). */
export async function readSnapshotConfig(
  pve: Pve,
  vm: VmAt,
  name: string,
  call: Deadline,
): Promise<Readonly<Record<string, string>>> {
  const row = asRow(await pve.get(`${vmPath(vm)}/snapshot${path`/${name}`}/config`, call), 'snapshot');
  return Object.fromEntries(
    Object.keys(row).flatMap((key) => {
      const text = textOf(row, key);
      return text === undefined ? [] : [[key, text] as const];
    }),
  );
}

export interface NewSnapshot {
  readonly snapname: string;
  readonly description: string;
  /** The guest's memory too; silently left out where it does not run. */
  readonly vmstate: boolean;
}

/** Starts a snapshot and gives its task; most refusals are the task's end (pve-behaviour 14.2). */
export async function takeSnapshot(pve: Pve, vm: VmAt, snapshot: NewSnapshot, call: Deadline): Promise<Upid> {
  const answer = await pve.post(`${vmPath(vm)}/snapshot`, call, { ...snapshot });
  return requiredUpid(answer, 'the answer to a snapshot');
}

/** Writes another description; everything else of a snapshot stays as it was taken. */
export async function describeSnapshot(
  pve: Pve,
  vm: VmAt,
  name: string,
  description: string,
  call: Deadline,
): Promise<void> {
  await pve.put(`${vmPath(vm)}/snapshot${path`/${name}`}/config`, call, { description });
}

/**
 * Starts the removal of a snapshot and gives its task. What fails leaves entry and lock (pve-behaviour 14.5).
 * @param force the entry goes also where a storage does not follow; for one that is incomplete.
 */
export async function deleteSnapshot(pve: Pve, vm: VmAt, name: string, force: boolean, call: Deadline): Promise<Upid> {
  const query = force ? { force } : {};
  const answer = await pve.delete(`${vmPath(vm)}/snapshot${path`/${name}`}`, call, query);
  return requiredUpid(answer, 'the answer to the removal of a snapshot');
}

/**
 * Starts the way back and gives its task: a guest that runs is stopped hard, with memory it runs on from there, without it
 * is off. Description and unused disks stay as they are (pve-behaviour 14.4).
 */
export async function rollBack(pve: Pve, vm: VmAt, name: string, call: Deadline): Promise<Upid> {
  const answer = await pve.post(`${vmPath(vm)}/snapshot${path`/${name}`}/rollback`, call);
  return requiredUpid(answer, 'the answer to a rollback');
}
