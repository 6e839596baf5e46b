import { type Facet, optionChanges } from '../facet.ts';

/** A copy inherits the protection of its template, under which nobody could delete it by the way it was made. */
export const protection: Facet = {
  name: 'protection',
  live: [{ change: 'protection', live: 'kept', note: 'whoever has set it has meant it' }],
  diff: (_wish, have) =>
    have.inUse === undefined && have.values['protection'] === '1' ? optionChanges(have, { protection: undefined }) : {},
};
