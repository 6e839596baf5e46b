import { slotsOf } from '#pve/codec/slot';
import { type Facet, optionChanges } from '../facet.ts';
import { formatNic, isChanged, type PlannedNic, plannedNics } from '../nics.ts';

/**
 * Where the request names networks the VM has these NICs and no others; otherwise the template's stay as they are. A clone
 * keeps all, with MACs of its own; a VM in use keeps its others, too.
 */
export const networks: Facet = {
  name: 'networks',
  live: [
    { change: "a NIC's bridge or VLAN", live: 'hot', note: 'MAC and all that is not named stay' },
    { change: "a NIC's model or MAC, a new NIC", live: 'hot', note: 'unplugged and plugged; PVE has it on by default' },
    { change: 'a NIC that is no longer named', live: 'kept' },
  ],
  diff: (wish, have) => {
    const isOurs = (nic: PlannedNic): boolean => nic.spec !== undefined || wish.spec.clone !== undefined;
    const nics = plannedNics(wish, have);
    if (have.inUse !== undefined) {
      const changed = nics.filter((nic) => nic.spec !== undefined && isChanged(nic, have));
      return optionChanges(have, Object.fromEntries(changed.map((nic) => [nic.slot, formatNic(nic)])));
    }
    const kept = new Set(nics.map((nic) => nic.slot));
    const surplus = slotsOf(have.values, 'net').filter(({ key }) => !kept.has(key));
    return optionChanges(have, {
      ...Object.fromEntries(surplus.map(({ key }) => [key, undefined])),
      ...Object.fromEntries(nics.filter(isOurs).map((nic) => [nic.slot, formatNic(nic)])),
    });
  },
};
