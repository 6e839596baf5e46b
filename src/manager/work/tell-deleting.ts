import type { Phase } from './controller.ts';
import { DONE, wait } from './outcome.ts';

/** First of all: a deletion may take minutes, in which nobody is to read that all is well. @param phase of the kind */
export function tellDeleting(phase?: string): Phase {
  return async ({ object, status }) => {
    // The request for its deletion has made it another generation.
    if (status.fields['observedGeneration'] === object.metadata.generation) return DONE;
    if (phase !== undefined) status.fields['phase'] = phase;
    return await Promise.resolve(wait(0, 'Deleting', 'It is being deleted.'));
  };
}
