import { type Facet, optionChanges } from '../facet.ts';

/** A copy inherits the protection of its template, under which nobody could delete it by the way it was made. */
export const protection: Facet = {
  name: 'protection',
  diff: (_wish, have) => (have.values['protection'] === '1' ? optionChanges(have, { protection: undefined }) : {}),
};
