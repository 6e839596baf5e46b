// The first phase: what the object asks for.
import { normaliseClone } from '#crd/vm-clone/normalise';
import type { Visit } from '../work/controller.ts';
import { manifestOf } from '../work/manifest-of.ts';
import { oncePerVisit } from '../work/once-per-visit.ts';
import { DONE, type Outcome, stuck } from '../work/outcome.ts';
import { isBegun, statusOf, targetName } from './status.ts';

/** Throws `invalid-spec` naming field and remedy, `unsupported` for what cannot be done. */
export const wishOf = oncePerVisit((visit) => normaliseClone(manifestOf(visit.object)));

export async function readWish(visit: Visit): Promise<Outcome> {
  statusOf(visit).phase ??= 'Pending';
  const { target } = wishOf(visit);
  tellOfOptions(visit);
  if (!isBegun(visit) || target.name === targetName(visit)) return await Promise.resolve(DONE);
  const message = `It is being made as ${targetName(visit)}. Set the name back, or make another VMClone.`;
  return stuck('TargetChanged', message);
}

/** What would end the tries is told, and not applied. */
function tellOfOptions({ object, status }: Visit): void {
  const { options = {} } = (object['spec'] ?? {}) as { options?: Readonly<Record<string, unknown>> };
  const said = ['timeout', 'retryPolicy'].filter((field) => options[field] !== undefined);
  if (said.length === 0) return status.removeCondition('RetryAsWished');
  const message = `options.${said.join(' and options.')}: not applied. It is tried, later each time, until it is there or the VMClone is deleted.`;
  status.setCondition('RetryAsWished', 'False', 'NotSupported', message);
}
