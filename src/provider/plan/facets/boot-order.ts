import { formatBoot, parseBoot } from '#pve/codec/boot';
import { bootDisk, drivesOf } from '../drives.ts';
import { type Facet, optionChanges } from '../facet.ts';
import { plannedNics } from '../nics.ts';

/**
 * A VM that no template shapes boots from its disk, then from what it is installed from, then from the network. A template
 * keeps its own order. PVE puts a CD that comes later at the end (pve-behaviour 11.1), where it may stay.
 */
export const bootOrder: Facet = {
  name: 'boot order',
  live: [{ change: 'the boot order', live: 'kept' }],
  diff: (wish, have) => {
    const { image } = wish.spec;
    if (image.kind === 'template' || have.inUse !== undefined) return {};
    const medium = drivesOf(have.values).find(({ drive }) => image.kind === 'iso' && drive.file === image.volume);
    const nics = plannedNics(wish, have).map((nic) => nic.slot);
    const order = [bootDisk(have.values)?.slot, medium?.slot, nics[0]].filter((slot) => slot !== undefined);
    const present = parseBoot(have.values['boot'] ?? '');
    const known = present !== undefined && 'order' in present ? present.order : [];
    return order.every((slot, index) => known[index] === slot)
      ? {}
      : optionChanges(have, { boot: formatBoot({ order }) });
  },
};
