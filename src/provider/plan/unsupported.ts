// Wishes that this version cannot fulfil. They are refused by name: what is not done is never dropped silently.
import { Fault } from '#domain/fault';
import type { VmSpec } from '#domain/vm-spec';
import { refuseImpossible } from './impossible.ts';

interface Unwired {
  readonly field: string;
  readonly asked: boolean;
}

/** Throws `unsupported` naming the first such field, and `invalid-spec` for what PVE has nothing for. */
export function refuseUnsupported(spec: VmSpec): void {
  refuseImpossible(spec);
  const found = placementWishes(spec).find((wish) => wish.asked);
  if (found === undefined) return;
  throw new Fault('unsupported', {
    subject: found.field,
    wanted: `create VM ${spec.name}`,
    why: 'this version of the provider cannot do that',
    remedy: 'Leave it out of the request',
  });
}

function placementWishes({ placement }: VmSpec): Unwired[] {
  return [
    { field: 'placement_json.AvoidIDs', asked: placement.avoidIds.length > 0 },
    { field: 'placement_json.MaxVMsPerNode', asked: placement.maxVmsPerNode !== undefined },
    { field: 'placement_json.MinFreeMemoryMiB', asked: placement.minFreeMemoryMib !== undefined },
  ];
}
