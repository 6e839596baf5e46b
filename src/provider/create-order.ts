import type { Fault } from '#domain/fault';
import type { Owner } from '#domain/owner';
import type { VmSpec } from '#domain/vm-spec';
import type { NodeName, Vmid } from '#pve/ids';
import { toFault } from './faults.ts';
import { vmSubject } from './subject.ts';

export interface CreateOrder {
  readonly spec: VmSpec;
  readonly owner: Owner;
  /** Of the request as it came over the wire. */
  readonly digest: string;
}

/** What an error means for whoever ordered the VM; `at` is where it is being made, once that is known. */
export function createFault(error: unknown, order: CreateOrder, at: { vmid?: Vmid; node?: NodeName } = {}): Fault {
  return toFault(error, { subject: vmSubject({ name: order.spec.name, ...at }), wanted: 'create' });
}
