// At which PVE the VM was asked for, and seen. What another PVE has not got is no proof that it is gone.
import { PROVIDERS } from '#crd/resources';
import type { ObjectRef } from '#domain/object-ref';
import { isSamePlace, placeWords } from '../providers/place.ts';
import type { Visit } from '../work/controller.ts';
import { type Outcome, stuck, wait } from '../work/outcome.ts';
import { statusOf, vmTitle } from './status.ts';

/** As its Provider has it now. */
export function placeNow({ world }: Visit, provider: ObjectRef): string | undefined {
  return world.providers.endpointOf(provider);
}

/** Before it is asked for: one that has never reached a PVE has made nothing there. @returns whether there is news */
export function notePlaceAhead(visit: Visit, provider: ObjectRef): boolean {
  const status = statusOf(visit);
  const place = placeNow(visit, provider);
  const { healthy } = (visit.world.cache.get(PROVIDERS, provider)?.['status'] ?? {}) as { healthy?: boolean };
  if (status.providerEndpoint !== undefined || place === undefined || healthy !== true) return false;
  status.providerEndpoint = place;
  return true;
}

export function isAtItsPlace(visit: Visit, place: string | undefined): boolean {
  return isSamePlace(statusOf(visit).providerEndpoint, place);
}

/** Where it is not found at another place: it may be at the one before. */
export function elsewhere(visit: Visit, place: string | undefined): Outcome {
  if (place === undefined)
    return wait(5, 'ProviderChanging', 'The Provider is being replaced by one of a later manifest.');
  const message = `${whereabouts(visit, place)}, where it is not. It is not made again. Set the Provider's endpoint back, or delete the object with the annotation virtrigaud.io/force-delete: "true", and apply it again.`;
  return stuck('ProviderReplaced', message);
}

/** `VM 100 was seen at .., and the Provider reaches .. now`. */
export function whereabouts(visit: Visit, place: string | undefined): string {
  return `${vmTitle(visit)} ${placeWords(statusOf(visit).providerEndpoint, place)}`;
}
