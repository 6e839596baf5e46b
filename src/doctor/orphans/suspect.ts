// Which VMs may be left over from a create or a delete, by their configuration alone. Whether somebody still works on
// them is another question (liveness.ts).
import { judgeOwnership } from '#claim/ownership';
import { type Claim, readClaim } from '#claim/record';
import type { GuestEntry } from '#pve/cluster/resources';
import type { VmConfig } from '#pve/qemu/config';
import type { OrphanKind } from './orphan.ts';

export type SuspectKind = Exclude<OrphanKind, 'iso' | 'volume' | 'download'>;

export interface Suspect {
  readonly kind: SuspectKind;
  readonly guest: GuestEntry;
  readonly config: VmConfig;
  /** Undefined where nothing says whose it was. */
  readonly claim: Claim | undefined;
}

/** Under these PVE makes a VM; nobody but root takes them off a VM whose making has died. */
const LOCKS_OF_MAKING: ReadonlySet<string> = new Set(['create', 'clone', 'import']);

/** Undefined for a VM that is as it should be, and for everybody else's. */
export function suspect(guest: GuestEntry, config: VmConfig, instance: string): Suspect | undefined {
  const ownership = judgeOwnership(readClaim(config.values['description']), instance, guest.vmid);
  if (ownership.kind === 'foreign') return undefined;
  const claim = ownership.kind === 'ours' ? ownership.claim : undefined;
  const kind = kindOf(config.lock, claim);
  return kind === undefined ? undefined : { kind, guest, config, claim };
}

function kindOf(lock: string | undefined, claim: Claim | undefined): SuspectKind | undefined {
  if (lock === 'destroyed') return 'destroyed';
  if (claim?.state === 'ready') return undefined;
  if (lock !== undefined && LOCKS_OF_MAKING.has(lock)) return 'stub';
  if (claim === undefined) return undefined;
  return claim.state === 'void' ? 'void' : 'unfinished';
}
