import { CONFIG_DRIVE_LABEL, configDriveFiles } from '#cloudinit/config-drive';
import { type NoCloudInput, noCloudFiles } from '#cloudinit/documents';
import { formatIsoName } from '#cloudinit/file-name';
import { buildIso } from '#cloudinit/iso';
import { checkUserData } from '#cloudinit/user-data';
import { Fault } from '#domain/fault';
import { formatDrive } from '#pve/codec/drive';
import { isWindows } from '#pve/rules/ostype';
import type { DriveAt } from '../drives.ts';
import type { Change, WarningCode } from '../facet.ts';
import type { PlannedNic } from '../nics.ts';
import type { Have, IsoStorage, Wish } from '../wish.ts';
import { seedSlot } from './seed-drives.ts';

/** The label by which cloud-init finds a NoCloud seed. */
const NOCLOUD_LABEL = 'cidata';

/** An uploaded ISO in the place of every other seed. The same wish gives the same bytes, and so the same name. */
export function isoChange(wish: Wish, have: Have, nics: readonly PlannedNic[], seeds: readonly DriveAt[]): Change {
  const bytes = iso(wish, have, nics);
  const { storage, shared } = requireIsoStorage(wish, have);
  const fileName = formatIsoName(have.vmid, wish.incarnation, bytes);
  const file = `${storage}:iso/${fileName}`;
  const { stale, isAttached } = beside(seeds, file);
  // Where an ISO lies is told of the one that is attached: until then it may still go elsewhere.
  if (isAttached) return { delete: stale, warnings: shared ? [] : ['local-iso'] };
  return {
    upload: [{ storage, shared, fileName, bytes }],
    ...attached(wish, have, seeds, file),
    warnings: replacedWarning(have, nics),
  };
}

/** An ISO that has been uploaded before the copy, in the place of every other seed. */
export function attachedIso(wish: Wish, have: Have, seeds: readonly DriveAt[], file: string): Change {
  const { stale, isAttached } = beside(seeds, file);
  return isAttached ? { delete: stale } : attached(wish, have, seeds, file);
}

function beside(seeds: readonly DriveAt[], file: string): { stale: readonly string[]; isAttached: boolean } {
  const others = seeds.filter((at) => at.drive.file !== file);
  return { stale: others.map((at) => at.slot), isAttached: others.length < seeds.length };
}

function attached(wish: Wish, have: Have, seeds: readonly DriveAt[], file: string): Change {
  const slot = seedSlot(wish, have, seeds);
  return {
    set: { [slot]: formatDrive({ file, media: 'cdrom' }) },
    delete: seeds.map((at) => at.slot).filter((key) => key !== slot),
  };
}

/** What an ISO takes the place of, where the template says more than that its NICs use DHCP. */
const OPTIONS = ['ciuser', 'cipassword', 'sshkeys', 'cicustom', 'nameserver', 'searchdomain'];

function replacedWarning(have: Have, nics: readonly PlannedNic[]): WarningCode[] {
  const addresses = nics.filter(({ spec }) => spec === undefined).map(({ index }) => have.values[`ipconfig${index}`]);
  const isMore = addresses.some((said) => said !== undefined && said !== 'ip=dhcp');
  return isMore || OPTIONS.some((key) => have.values[key] !== undefined) ? ['template-cloud-init-unused'] : [];
}

function iso(wish: Wish, have: Have, nics: readonly PlannedNic[]): Uint8Array {
  const { spec, incarnation } = wish;
  if (spec.userData !== undefined) checkUserData(spec.userData);
  const input: NoCloudInput = {
    instanceId: `vrtg-${incarnation}`,
    hostname: spec.name,
    userData: spec.userData,
    metaData: spec.metaData,
    nics: nics.flatMap(({ net, spec: nic }) => {
      const { addresses = [], gateways = [], dns = [] } = nic ?? {};
      return net.mac === undefined ? [] : [{ mac: net.mac, addresses, gateways, dns }];
    }),
  };
  return isWindows(have.values['ostype'])
    ? buildIso(configDriveFiles(input), { label: CONFIG_DRIVE_LABEL })
    : buildIso(noCloudFiles(input), { label: NOCLOUD_LABEL });
}

function requireIsoStorage({ spec, site }: Wish, have: Have): IsoStorage {
  if (site.isoStorage !== undefined) return site.isoStorage;
  throw new Fault('precondition', {
    subject: `VM ${spec.name}`,
    wanted: 'deliver its cloud-init user data',
    why: `node ${have.node} has no active storage for ISO images that we may use`,
    remedy: 'Give a storage the content type "iso" (and us Datastore.AllocateTemplate), or name one in PVE_ISO_STORAGE',
  });
}
