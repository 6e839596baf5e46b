import { type Facet, optionChanges } from '../facet.ts';
import { cpuLayout, hotplugFeatures, isMemoryHotAdd } from '../hot-add.ts';
import type { Have, Wish } from '../wish.ts';

/** What can be added to a running guest, beside what the template says. */
export const hotplug: Facet = {
  name: 'hotplug',
  live: [{ change: 'hot-add of CPUs or memory, asked for later', live: 'restart' }],
  diff: (wish, have) => {
    const present = hotplugFeatures(have.values);
    const wanted = [...(preparesCpus(wish, have) ? ['cpu'] : []), ...(isMemoryHotAdd(wish) ? ['memory'] : [])];
    const missing = wanted.filter((feature) => !present.includes(feature));
    return missing.length === 0 ? {} : optionChanges(have, { hotplug: [...present, ...missing].join(',') });
  },
};

/** A VM in use is given room for more where its class asks for it, and never by default. */
function preparesCpus(wish: Wish, have: Have): boolean {
  const isAsked = have.inUse === undefined || wish.spec.size.performance.cpuHotAdd === true;
  return isAsked && cpuLayout(wish, have).plugged !== undefined;
}
