// One call against one answer, as it was recorded from a real PVE (numbers and strings mixed as there).
import type { Pve } from '#pve/connection/pve';
import type { NodeName, Vmid } from '#pve/ids';
import { type Reply, type Step, withScript } from './scripted-pve.ts';

export const node = 'pve1' as NodeName;
export const vmid = 100 as Vmid;
export const upid = 'UPID:pve1:000004D2:0056A735:6553F100:qmtest:100:virtrigaud@pve!vrtg:';

export const taskEnds = (exitstatus = 'OK'): Step => [
  `GET /nodes/pve1/tasks/${encodeURIComponent(upid)}/status`,
  { data: { status: 'stopped', exitstatus } },
];

export const refused = (reason: string): Reply => ({
  status: 500,
  reason,
  body: JSON.stringify({ data: null, message: `${reason}\n` }),
});

/** What one call makes of one answer. */
export async function ask<T>(request: string, reply: Reply, act: (pve: Pve) => Promise<T>): Promise<T> {
  return await withScript([[request, reply]], act);
}
