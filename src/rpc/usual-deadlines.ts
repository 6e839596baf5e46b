const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;

/** What VirtRigaud's manager gives each call, real ms. */
const USUAL_MS: Readonly<Record<string, number>> = {
  Validate: 30 * SECOND_MS,
  GetCapabilities: 30 * SECOND_MS,
  Describe: 30 * SECOND_MS,
  TaskStatus: 10 * SECOND_MS,
  Create: 5 * MINUTE_MS,
  Reconfigure: 5 * MINUTE_MS,
  SnapshotCreate: 5 * MINUTE_MS,
  SnapshotRevert: 5 * MINUTE_MS,
  Clone: 5 * MINUTE_MS,
  ImagePrepare: 5 * MINUTE_MS,
  ExportDisk: 30 * MINUTE_MS,
  ImportDisk: 30 * MINUTE_MS,
};

/** 2 min for what is not in the list: Delete, Power, SnapshotDelete, ... */
export function usualDeadlineMs(method: string): number {
  return USUAL_MS[method] ?? 2 * MINUTE_MS;
}
