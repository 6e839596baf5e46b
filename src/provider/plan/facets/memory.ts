import { type Facet, optionChanges } from '../facet.ts';

/** MiB. A balloon above the memory is refused by PVE, so it comes down with it. */
export const memory: Facet = {
  name: 'memory',
  diff: ({ spec }, have) => {
    const wanted = spec.size.memoryMib;
    const balloon = Number(have.values['balloon'] ?? 0);
    const current = /^(?:current=)?(\d+)/.exec(have.values['memory'] ?? '')?.[1];
    return optionChanges(have, {
      ...(current === String(wanted) ? {} : { memory: String(wanted) }),
      ...(balloon > wanted ? { balloon: String(wanted) } : {}),
    });
  },
};
