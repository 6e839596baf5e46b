// The first phase: what the object asks for.
import type { Manifest } from '#crd/manifests';
import { normaliseVirtualMachine } from '#crd/virtual-machine/normalise';
import type { VirtualMachine } from '#domain/virtual-machine';
import type { Visit } from '../work/controller.ts';
import { manifestOf } from '../work/manifest-of.ts';
import { oncePerVisit } from '../work/once-per-visit.ts';
import { DONE, type Outcome } from '../work/outcome.ts';
import { boundIn, withBound } from './bound.ts';
import { policyNameFor } from './policy-binding.ts';
import { isMade, statusOf } from './status.ts';

export interface Wish {
  /** The manifest with what is bound, and the policy that applies. */
  readonly manifest: Manifest;
  readonly vm: VirtualMachine;
}

/** Throws `invalid-spec` naming field and remedy, `unsupported` for what cannot be done. */
export const wishOf = oncePerVisit((visit): Wish => {
  const written = manifestOf(visit.object);
  const spec = withBound((written.spec ?? {}) as Record<string, unknown>, boundIn(statusOf(visit)));
  const policy = policyNameFor(spec['placementRef'], visit);
  const manifest = { ...written, spec: policy === undefined ? spec : { ...spec, placementRef: { name: policy } } };
  return { manifest, vm: normaliseVirtualMachine(manifest) };
});

export async function readWish(visit: Visit): Promise<Outcome> {
  statusOf(visit).phase ??= 'Pending';
  // What is wrong with it ends the visit here.
  wishOf(visit);
  rememberPower(visit);
  return await Promise.resolve(DONE);
}

/** A power state that was asked for once stays asked for. */
function rememberPower(visit: Visit): void {
  const { powerState } = (visit.object['spec'] ?? {}) as { powerState?: never };
  const status = statusOf(visit);
  if (powerState !== undefined && isMade(visit)) status.bound = { ...status.bound, powerState };
}
