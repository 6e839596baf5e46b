import { hasPrivilege, readPermissions } from '#pve/access/permissions';
import type { Pve } from '#pve/connection/pve';
import type { Vmid } from '#pve/ids';
import type { Deadline } from '#runtime/deadline';

/** Whether we may see this very VM. Asked of PVE for its path alone: the whole list hides entries that take all rights away. */
export async function maySee(pve: Pve, vmid: Vmid, call: Deadline): Promise<boolean> {
  const path = `/vms/${vmid}`;
  return hasPrivilege(await readPermissions(pve, call, path), path, 'VM.Audit');
}
