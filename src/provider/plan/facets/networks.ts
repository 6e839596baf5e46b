import { slotsOf } from '#pve/codec/slot';
import { type Facet, optionChanges } from '../facet.ts';
import { formatNic, plannedNics } from '../nics.ts';

/** Where the request names networks the VM has these NICs and no others; otherwise the template's stay as they are. */
export const networks: Facet = {
  name: 'networks',
  diff: (wish, have) => {
    const nics = plannedNics(wish, have);
    const kept = new Set(nics.map((nic) => nic.slot));
    const surplus = slotsOf(have.values, 'net').filter(({ key }) => !kept.has(key));
    return optionChanges(have, {
      ...Object.fromEntries(surplus.map(({ key }) => [key, undefined])),
      ...Object.fromEntries(nics.filter((nic) => nic.spec !== undefined).map((nic) => [nic.slot, formatNic(nic)])),
    });
  },
};
