import { Fault } from '#domain/fault';
import type { ObjectRef } from '#domain/object-ref';
import type { CallOptions, ProviderClient } from '#rpc/client';
import type { Visit } from '../work/controller.ts';
import { ownerOfCopy } from './status.ts';

/** Throws `unavailable` where it does not run. */
export function clientOf({ world }: Visit, provider: ObjectRef | undefined): ProviderClient {
  const client = provider === undefined ? undefined : world.providers.clientOf(provider);
  if (client !== undefined) return client;
  throw new Fault('unavailable', {
    subject: `Provider ${provider?.namespace}/${provider?.name}`,
    why: 'it does not run',
  });
}

/** About the copy, as long as it has no VirtualMachine. */
export function callOf(visit: Visit): CallOptions {
  return { owner: ownerOfCopy(visit), signal: visit.signal };
}
