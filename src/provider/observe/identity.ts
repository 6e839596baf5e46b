// What tells a VM from another one that has its id later.
import { Fault } from '#domain/fault';
import type { ClaimedVm } from './claimed-vm.ts';

/** A claim's incarnation, and what PVE draws anew for every VM and never again. */
export interface Identity {
  readonly incarnation: string | undefined;
  readonly hardware: string;
}

export function identityOf({ ownership, config }: ClaimedVm): Identity {
  return {
    incarnation: ownership.kind === 'ours' ? ownership.claim.incarnation : undefined,
    hardware: ['smbios1', 'meta'].map((key) => config.values[key] ?? '').join(' '),
  };
}

/** A claim that was taken away or put there meanwhile does not make it another VM. */
export function isSameVm(one: Identity, other: Identity): boolean {
  const haveBoth = one.incarnation !== undefined && other.incarnation !== undefined;
  return haveBoth ? one.incarnation === other.incarnation : one.hardware === other.hardware;
}

/** The VM an operation began with is not there any more, as it seems. */
export function replaced({ subject }: ClaimedVm, wanted: string): Fault {
  const why = 'another VM has got its id meanwhile';
  return new Fault('busy', { subject, wanted, why, remedy: 'The next try looks again' });
}
