import { slotsOf } from '#pve/codec/slot';
import { type Facet, optionChanges } from '../facet.ts';
import { formatNic, type PlannedNic, plannedNics } from '../nics.ts';

/** Where the request names networks the VM has these NICs and no others; otherwise the template's stay as they are. A clone keeps all, with MACs of its own. */
export const networks: Facet = {
  name: 'networks',
  diff: (wish, have) => {
    const isOurs = (nic: PlannedNic): boolean => nic.spec !== undefined || wish.spec.clone !== undefined;
    const nics = plannedNics(wish, have);
    const kept = new Set(nics.map((nic) => nic.slot));
    const surplus = slotsOf(have.values, 'net').filter(({ key }) => !kept.has(key));
    return optionChanges(have, {
      ...Object.fromEntries(surplus.map(({ key }) => [key, undefined])),
      ...Object.fromEntries(nics.filter(isOurs).map((nic) => [nic.slot, formatNic(nic)])),
    });
  },
};
