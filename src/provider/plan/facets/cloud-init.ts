import { type CloudInitSetting, decideDelivery } from '#cloudinit/decide';
import { invalidSpec } from '#domain/fault';
import { isCloudInitDrive } from '#pve/codec/drive';
import { isWindows } from '#pve/rules/ostype';
import { drivesOf } from '../drives.ts';
import { type Change, type Facet, optionChanges } from '../facet.ts';
import { plannedNics } from '../nics.ts';
import { changedOptions, isStatic, nativeOptions } from './cloud-init-native.ts';
import { attachedIso, isoChange } from './cloud-init-iso.ts';
import { isSeed } from './seed-drives.ts';
import type { Wish } from '../wish.ts';

/** Options with which PVE's drive gives a document another meaning than the document has; none of them is ever set by us. */
const MEANINGFUL = ['ciuser', 'cipassword', 'cicustom', 'citype', 'searchdomain'];

/**
 * How the guest is told who it is: by PVE's own drive and fields, or by an ISO that carries the user data whole. Never by
 * both, since two sources of that label confuse cloud-init (pve-behaviour 18.6).
 */
export const cloudInit: Facet = {
  name: 'cloud-init',
  live: [
    {
      change: 'addresses, name servers and keys, told by a drive of PVE',
      live: 'hot',
      note: 'the guest reads them at its next start in PVE, and takes itself for a new one',
    },
    {
      change: 'user data, and whatever is told by an ISO',
      live: 'kept',
      note: 'a guest reads it once, at its first boot',
    },
  ],
  diff: (wish, have): Change => {
    const nics = plannedNics(wish, have);
    const seeds = drivesOf(have.values).filter((at) => isSeed(at.drive));
    // How a VM in use was told who it is stays.
    if (have.inUse !== undefined && !seeds.some((at) => isCloudInitDrive(at.drive))) return {};
    const seedIso = wish.spec.clone?.seedIso;
    if (seedIso !== undefined) return attachedIso(wish, have, seeds, seedIso);
    const delivery = decideDelivery(settingFor(wish), wish.spec, {
      name: wish.spec.name,
      isWindows: isWindows(have.values['ostype']),
      pveMajor: wish.site.version.major,
      options: MEANINGFUL.filter((key) => have.values[key] !== undefined),
    });
    if (have.inUse !== undefined) {
      return delivery.kind === 'iso' ? {} : optionChanges(have, changedOptions(have, nics, delivery.sshKeys));
    }
    if (delivery.kind === 'iso') return isoChange(wish, have, nics, seeds);
    const options = nativeOptions(wish, have, { nics, seeds, sshKeys: delivery.sshKeys });
    const isLeft = nics.some(({ index, spec }) => {
      const key = `ipconfig${index}`;
      return spec === undefined && options[key] === 'ip=dhcp' && isStatic(have.values[key] ?? '');
    });
    return { ...optionChanges(have, options), warnings: isLeft ? ['source-address-left'] : [] };
  },
};

/**
 * The user data of a clone travels in an ISO alone: whoever finishes it after a crash finds that, and could not find what PVE's
 * fields were to say.
 */
function settingFor({ spec, site }: Wish): CloudInitSetting {
  if (spec.clone === undefined || spec.userData === undefined) return site.cloudInit;
  if (site.cloudInit !== 'native') return 'iso';
  const why = "PVE_CLOUDINIT=native allows PVE's own cloud-init fields only, and the user data of a clone needs an ISO";
  throw invalidSpec('user_data', why, 'Set PVE_CLOUDINIT=auto, or leave it out of the VMClone');
}
