import { decideDelivery } from '#cloudinit/decide';
import { isWindows } from '#pve/rules/ostype';
import { drivesOf } from '../drives.ts';
import { type Change, type Facet, optionChanges } from '../facet.ts';
import { plannedNics } from '../nics.ts';
import { nativeOptions } from './cloud-init-native.ts';
import { isoChange } from './cloud-init-iso.ts';
import { isSeed } from './seed-drives.ts';

/** Options with which PVE's drive gives a document another meaning than the document has; none of them is ever set by us. */
const MEANINGFUL = ['ciuser', 'cipassword', 'cicustom', 'citype', 'searchdomain'];

/**
 * How the guest is told who it is: by PVE's own drive and fields, or by an ISO that carries the user data whole. Never by
 * both, since two sources of that label confuse cloud-init (pve-behaviour 18.6).
 */
export const cloudInit: Facet = {
  name: 'cloud-init',
  diff: (wish, have): Change => {
    const nics = plannedNics(wish, have);
    const seeds = drivesOf(have.values).filter((at) => isSeed(at.drive));
    const delivery = decideDelivery(wish.site.cloudInit, wish.spec, {
      name: wish.spec.name,
      isWindows: isWindows(have.values['ostype']),
      pveMajor: wish.site.version.major,
      options: MEANINGFUL.filter((key) => have.values[key] !== undefined),
    });
    return delivery.kind === 'iso'
      ? isoChange(wish, have, nics, seeds)
      : optionChanges(have, nativeOptions(wish, have, { nics, seeds, sshKeys: delivery.sshKeys }));
  },
};
