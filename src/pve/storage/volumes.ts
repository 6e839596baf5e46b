import type { Deadline } from '#runtime/deadline';
import { asRow, asRows, numberOf, requiredText, type Row, textOf } from '../answer.ts';
import { path } from '../connection/path.ts';
import type { Pve } from '../connection/pve.ts';
import { asVmid, type NodeName, type Vmid } from '../ids.ts';
import { settle, type TaskResult } from '../tasks.ts';

/** A storage through the node that is to work on it. */
export interface StorageAt {
  readonly node: NodeName;
  readonly storage: string;
}

export interface Volume {
  /** `local:iso/x.iso`, `local-lvm:vm-100-disk-0`. */
  readonly volid: string;
  readonly content: string;
  readonly format: string | undefined;
  readonly sizeBytes: number | undefined;
  /** Of whom the name says it is; of an image only. */
  readonly vmid: Vmid | undefined;
  readonly createdSeconds: number | undefined;
}

export interface VolumeFilter {
  readonly content?: string;
  /** Lists `import` files too (pve-behaviour 28.10). */
  readonly vmid?: Vmid;
}

/** The volumes that we may read; the others are left out without a word (pve-behaviour 8.2). */
export async function listVolumes(
  pve: Pve,
  at: StorageAt,
  call: Deadline,
  filter: VolumeFilter = {},
): Promise<readonly Volume[]> {
  return asRows(await pve.get(contentPath(at), call, { ...filter }), 'volume list').map(volume);
}

/** What PVE finds when it looks into a volume. */
export interface VolumeInside {
  /** On the node: `/var/lib/vz/images/100/vm-100-disk-0.qcow2`, `/dev/pve/vm-100-disk-0`. */
  readonly path: string | undefined;
  /** As a guest sees it. */
  readonly sizeBytes: number | undefined;
  readonly usedBytes: number | undefined;
}

/** Looks into a volume. One that is not there is a `PveError` 500 with the storage's own words (pve-behaviour 8.2). */
export async function readVolume(pve: Pve, at: StorageAt, volid: string, call: Deadline): Promise<VolumeInside> {
  const row = asRow(await pve.get(`${contentPath(at)}${path`/${volid}`}`, call), 'volume');
  return { path: textOf(row, 'path'), sizeBytes: numberOf(row, 'size'), usedBytes: numberOf(row, 'used') };
}

/**
 * Deletes a volume; one that is not there counts as deleted (pve-behaviour 28.9). An ISO needs Datastore.Allocate and
 * goes also while a guest has it attached.
 */
export async function deleteVolume(pve: Pve, at: StorageAt, volid: string, call: Deadline): Promise<TaskResult> {
  return await settle(pve, await pve.delete(`${contentPath(at)}${path`/${volid}`}`, call), call);
}

function contentPath(at: StorageAt): string {
  return path`/nodes/${at.node}/storage/${at.storage}/content`;
}

function volume(row: Row): Volume {
  return {
    volid: requiredText(row, 'volid', 'volume'),
    content: textOf(row, 'content') ?? '',
    format: textOf(row, 'format'),
    sizeBytes: numberOf(row, 'size'),
    vmid: asVmid(row['vmid']),
    createdSeconds: numberOf(row, 'ctime'),
  };
}
