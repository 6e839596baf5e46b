import { type Facet, optionChanges } from '../facet.ts';
import { cpuLayout, hotplugFeatures, isMemoryHotAdd } from '../hot-add.ts';

/** What can be added to a running guest, beside what the template says. */
export const hotplug: Facet = {
  name: 'hotplug',
  diff: (wish, have) => {
    const present = hotplugFeatures(have.values);
    const wanted = [
      ...(cpuLayout(wish, have).plugged === undefined ? [] : ['cpu']),
      ...(isMemoryHotAdd(wish) ? ['memory'] : []),
    ];
    const missing = wanted.filter((feature) => !present.includes(feature));
    return missing.length === 0 ? {} : optionChanges(have, { hotplug: [...present, ...missing].join(',') });
  },
};
