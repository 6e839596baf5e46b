// The claim on a VM that somebody else has made, and that is ours from now on.
import type { Owner } from '#domain/owner';
import type { Vmid } from '#pve/ids';
import { newIncarnation } from './incarnation.ts';
import type { Claim } from './record.ts';

/** Where other claims have the digest of the request that asked for the VM. No request is equal to it. */
const NO_REQUEST = 'adopted';

export interface Adoption {
  readonly instance: string;
  readonly vmid: Vmid;
  /** Whose it will be. With a uid only who sends that uid is its owner. */
  readonly owner: Owner;
  /** Seconds since the epoch by PVE's clock. */
  readonly time: number;
}

/** A `ready` claim with an incarnation of its own. */
export function adoptedClaim({ instance, vmid, owner, time }: Adoption): Claim {
  return {
    incarnation: newIncarnation(),
    digest: NO_REQUEST,
    instance,
    kind: 'vm',
    ...owner,
    state: 'ready',
    time,
    vmid,
  };
}

/** Whether the VM was made by somebody else: nothing that we write on a VM as we make it is to be looked for on it. */
export function isAdopted({ digest }: Claim): boolean {
  return digest === NO_REQUEST;
}
