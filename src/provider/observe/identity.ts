// What tells a VM from another one that has its id later.
import type { ClaimedVm } from './claimed-vm.ts';

/** A claim's incarnation, and what PVE draws anew for every VM. */
export interface Identity {
  readonly incarnation: string | undefined;
  readonly hardware: string;
}

export function identityOf({ ownership, config }: ClaimedVm): Identity {
  return {
    incarnation: ownership.kind === 'ours' ? ownership.claim.incarnation : undefined,
    hardware: ['smbios1', 'vmgenid', 'meta'].map((key) => config.values[key] ?? '').join(' '),
  };
}

/** A claim that was taken away or put there meanwhile does not make it another VM. */
export function isSameVm(one: Identity, other: Identity): boolean {
  const haveBoth = one.incarnation !== undefined && other.incarnation !== undefined;
  return haveBoth ? one.incarnation === other.incarnation : one.hardware === other.hardware;
}
