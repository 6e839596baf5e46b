// The first phase: what the object asks for.
import type { Manifest } from '#crd/manifests';
import { normaliseVirtualMachine } from '#crd/virtual-machine/normalise';
import type { VirtualMachine } from '#domain/virtual-machine';
import type { Visit } from '../work/controller.ts';
import { manifestOf } from '../work/manifest-of.ts';
import { oncePerVisit } from '../work/once-per-visit.ts';
import { DONE, type Outcome, stuck } from '../work/outcome.ts';
import { withBound } from './bound.ts';
import { policyNameFor } from './policy-binding.ts';
import { isMade, statusOf, vmTitle } from './status.ts';

export interface Wish {
  /** The manifest with what is bound, and the policy that applies. */
  readonly manifest: Manifest;
  readonly vm: VirtualMachine;
}

/** Throws `invalid-spec` naming field and remedy, `unsupported` for what cannot be done. */
export const wishOf = oncePerVisit((visit): Wish => {
  const written = manifestOf(visit.object);
  const spec = withBound((written.spec ?? {}) as Record<string, unknown>, statusOf(visit).bound);
  const policy = policyNameFor(spec['placementRef'], visit);
  const manifest = { ...written, spec: policy === undefined ? spec : { ...spec, placementRef: { name: policy } } };
  return { manifest, vm: normaliseVirtualMachine(manifest) };
});

export async function readWish(visit: Visit): Promise<Outcome> {
  const status = statusOf(visit);
  status.phase ??= 'Pending';
  const { vm } = wishOf(visit);
  rememberPower(visit);
  const { providerRef } = status.bound ?? {};
  const isElsewhere = vm.provider?.name !== providerRef?.name || vm.provider?.namespace !== providerRef?.namespace;
  const isBegun = isMade(visit) || status.createRequested === true;
  if (!isBegun || providerRef === undefined || !isElsewhere) return await Promise.resolve(DONE);
  const has = `${providerRef.namespace}/${providerRef.name}`;
  return stuck(
    'ProviderChanged',
    `${vmTitle(visit)} is on Provider ${has} and cannot be moved to another. Set spec.providerRef back, or make another VirtualMachine.`,
  );
}

/** A power state that was asked for once stays asked for. */
function rememberPower(visit: Visit): void {
  const { powerState } = (visit.object['spec'] ?? {}) as { powerState?: never };
  const status = statusOf(visit);
  if (powerState !== undefined && isMade(visit)) status.bound = { ...status.bound, powerState };
}
