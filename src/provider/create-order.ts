import type { ClaimKind } from '#claim/record';
import type { CloneJson } from '#claim/todo';
import type { Fault } from '#domain/fault';
import type { Owner } from '#domain/owner';
import type { VmSpec } from '#domain/vm-spec';
import type { NodeName, Vmid } from '#pve/ids';
import type { WebImage } from '#rpc/payload/image-prepare';
import { toFault } from './faults.ts';
import { vmSubject } from './subject.ts';

export interface CreateOrder {
  readonly spec: VmSpec;
  readonly owner: Owner;
  /** Of the request as it came over the wire. */
  readonly digest: string;
  /** In the claim of what is made. */
  readonly kind: ClaimKind;
  /**
   * Seeds its slots, together with `kind`: the owner's key; of a clone without a uid the VMID of its source, "/" and its name; of an image
   * its name, "/" and its checksum or a hash of its URL, and for a further node " on " and that node.
   */
  readonly key: string;
  /** The VM that is to be gone on with, which another PVE_VMID_RANGE may have put outside of its slots. */
  readonly begun?: Vmid;
  /** Of a clone alone. */
  readonly clone?: CloneOrder;
  /** Of a template that is made from the web alone. */
  readonly image?: ImageOrder;
}

export interface ImageOrder
  extends Pick<WebImage, 'target' | 'url' | 'checksum' | 'formats' | 'diskFormat' | 'osType'> {
  /** Of a further template of an image: the node that it is for. */
  readonly forNode?: string | undefined;
  /** Where file and disk go; undefined until that has been decided. */
  readonly place: ImagePlace | undefined;
}

export interface ImagePlace {
  /** Of the file that is fetched. */
  readonly importStorage: string;
  /** Of the template's disk. */
  readonly storage: string;
}

export interface CloneOrder {
  readonly source: Vmid;
  /** Who asks, for what he may copy. */
  readonly asker: Partial<Owner>;
  /** What any replica needs to finish the copy. */
  readonly request: CloneJson;
  /** The name of a placement policy that nobody here can read. */
  readonly placementName: string | undefined;
}

/** What an error means for whoever ordered the VM; `at` is where it is being made, once that is known. */
export function createFault(error: unknown, order: CreateOrder, at: { vmid?: Vmid; node?: NodeName } = {}): Fault {
  return toFault(error, { subject: vmSubject({ name: order.spec.name, ...at }), wanted: 'create' });
}
