// The first phase: what the object asks for.
import { normaliseSnapshot } from '#crd/vm-snapshot/normalise';
import type { Visit } from '../work/controller.ts';
import { manifestOf } from '../work/manifest-of.ts';
import { oncePerVisit } from '../work/once-per-visit.ts';
import { DONE, type Outcome } from '../work/outcome.ts';
import { statusOf } from './status.ts';

/** Throws `invalid-spec` naming field and remedy, `unsupported` for what cannot be done. */
export const wishOf = oncePerVisit((visit) => normaliseSnapshot(manifestOf(visit.object)));

export async function readWish(visit: Visit): Promise<Outcome> {
  statusOf(visit).phase ??= 'Pending';
  wishOf(visit);
  return await Promise.resolve(DONE);
}
