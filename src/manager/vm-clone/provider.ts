import type { ObjectRef } from '#domain/object-ref';
import type { CallOptions, ProviderClient } from '#rpc/client';
import { clientAt } from '../providers/ask.ts';
import type { Visit } from '../work/controller.ts';
import { ownerOfCopy } from './status.ts';

/** Throws `unavailable` where it does not run. */
export function clientOf({ world }: Visit, provider: ObjectRef | undefined): ProviderClient {
  return clientAt(world, provider ?? { namespace: '', name: '' });
}

/** About the copy, as long as it has no VirtualMachine. */
export function callOf(visit: Visit): CallOptions {
  return { owner: ownerOfCopy(visit), signal: visit.signal };
}
