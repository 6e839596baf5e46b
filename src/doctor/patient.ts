import type { VmidRange } from '#claim/slots';
import { hasPrivilege, readPermissions, type Permissions } from '#pve/access/permissions';
import type { Pve } from '#pve/connection/pve';
import type { Deadline } from '#runtime/deadline';

/** A PVE that is asked questions, and whose questions they are. */
export interface Patient {
  readonly pve: Pve;
  /** Our name among all that write to this cluster: claims of it are ours. */
  readonly instance: string;
  /** Where VMs of ours are made. */
  readonly vmidRange: VmidRange;
  readonly call: Deadline;
  /** Whether the token holds a privilege on this path of the ACL tree. Asked of PVE once for each path. */
  may(privilege: string, aclPath: string): Promise<boolean>;
}

export function createPatient(facts: Omit<Patient, 'may'>): Patient {
  const { pve, call } = facts;
  // Path by path: the list of all paths hides the entries that take all rights away.
  const known = new Map<string, Promise<Permissions>>();
  return {
    ...facts,
    may: async (privilege, aclPath) => {
      const permissions = known.get(aclPath) ?? readPermissions(pve, call, aclPath);
      known.set(aclPath, permissions);
      return hasPrivilege(await permissions, aclPath, privilege);
    },
  };
}

export function isInRange({ vmidRange }: Patient, vmid: number): boolean {
  return vmid >= vmidRange.low && vmid <= vmidRange.high;
}
