import { decideDelivery } from '#cloudinit/decide';
import { drivesOf } from '../drives.ts';
import { type Change, type Facet, optionChanges } from '../facet.ts';
import { plannedNics } from '../nics.ts';
import { nativeOptions } from './cloud-init-native.ts';
import { isoChange } from './cloud-init-iso.ts';
import { isSeed } from './seed-drives.ts';

/**
 * How the guest is told who it is: by PVE's own drive and fields, or by a NoCloud ISO that carries the user data
 * whole. Never by both, since two sources of that label confuse cloud-init (pve-behaviour 18.6).
 */
export const cloudInit: Facet = {
  name: 'cloud-init',
  diff: (wish, have): Change => {
    const nics = plannedNics(wish, have);
    const seeds = drivesOf(have.values).filter((at) => isSeed(at.drive));
    return decideDelivery(wish.site.cloudInit, wish.spec) === 'iso'
      ? isoChange(wish, have, nics, seeds)
      : optionChanges(have, nativeOptions(wish, have, nics, seeds));
  },
};
