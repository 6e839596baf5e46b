/** Who asked for a VM. `uid` and `namespace` are known only where the caller sends them (gRPC metadata). */
export interface Owner {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
}

/** The part of an owner that seeds the VMID sequence and decides whether two requests are by one owner. */
export function ownerKey(owner: Owner): string {
  return owner.uid ?? owner.name;
}
