// From messages of the wire about snapshots to orders, and back.
import type { MessageInitShape } from '@bufbuild/protobuf';
import { invalidSpec } from '#domain/fault';
import type { SnapshotCreateRequest, SnapshotCreateResponseSchema, TaskRefSchema } from '#rpc/contract';
import { formatTaskId } from '#rpc/task-id';
import type { SnapshotTaskKind } from './read/snapshot-task.ts';
import { decodeVmid } from './request.ts';
import type { SnapshotOrder } from './run/snapshots/create.ts';
import type { SnapshotReference } from './run/snapshots/delete.ts';
import type { SnapshotOutcome } from './run/snapshots/rounds.ts';

/** @param uid of the object that asks, where it says so */
export function decodeSnapshotOrder(request: SnapshotCreateRequest, uid: string | undefined): SnapshotOrder {
  const { vmId, nameHint, description, includeMemory } = request;
  if (nameHint === '') throw invalidSpec('name_hint', 'is missing', 'Give the snapshot a name');
  return { vmid: decodeVmid(vmId, 'vm_id'), hint: nameHint, description, memory: includeMemory, uid };
}

/** @param uid of the object whose snapshot is meant, where it says so */
export function decodeSnapshotReference(
  request: { vmId: string; snapshotId: string },
  uid: string | undefined,
): SnapshotReference {
  const { vmId, snapshotId } = request;
  if (snapshotId === '') {
    throw invalidSpec('snapshot_id', 'is missing', 'Use the id that SnapshotCreate answered with');
  }
  return { vmid: decodeVmid(vmId, 'vm_id'), id: snapshotId, uid };
}

export function encodeSnapshot(outcome: SnapshotOutcome): MessageInitShape<typeof SnapshotCreateResponseSchema> {
  return { snapshotId: outcome.name, task: encodeTask('snapshot', outcome) };
}

/** Undefined where it is finished. */
export function encodeTask(
  kind: SnapshotTaskKind,
  { vmid, name, running }: SnapshotOutcome,
): MessageInitShape<typeof TaskRefSchema> | undefined {
  if (running === undefined) return undefined;
  const { incarnation, upid } = running;
  return { id: formatTaskId({ kind, vmid, incarnation, goal: name, upid }) };
}
