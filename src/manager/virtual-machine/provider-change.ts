// Another Provider in the manifest: a VM is not moved. What was only asked for is taken back, and asked for there.
import type { ObjectRef } from '#domain/object-ref';
import type { Visit } from '../work/controller.ts';
import { DONE, type Outcome, stuck, wait } from '../work/outcome.ts';
import { removeVm } from './delete.ts';
import { boundProvider, titleOf } from './provider.ts';
import { isMade, statusOf, vmTitle } from './status.ts';
import { wishOf } from './wish.ts';

export async function leaveProvider(visit: Visit): Promise<Outcome> {
  const bound = boundProvider(visit);
  const { provider } = wishOf(visit).vm;
  if (bound === undefined || provider === undefined || isSame(bound, provider)) return DONE;
  if (isMade(visit)) {
    const message = `${vmTitle(visit)} is on ${titleOf(bound)} and cannot be moved to another. Set spec.providerRef back, or make another VirtualMachine.`;
    return stuck('ProviderChanged', message);
  }
  // It may have begun to make one.
  const outcome = await removeVm(visit, bound);
  if (outcome.kind !== 'done') return outcome;
  const status = statusOf(visit);
  status.createRequested = undefined;
  status.bound = undefined;
  status.providerEndpoint = undefined;
  return wait(0, 'ProviderChanged', `${vmTitle(visit)} is no longer asked for on ${titleOf(bound)}.`);
}

function isSame(one: ObjectRef, other: ObjectRef): boolean {
  return one.name === other.name && one.namespace === other.namespace;
}
