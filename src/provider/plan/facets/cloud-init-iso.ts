import { noCloudFiles } from '#cloudinit/documents';
import { formatIsoName } from '#cloudinit/file-name';
import { buildIso } from '#cloudinit/iso';
import { checkUserData } from '#cloudinit/user-data';
import { Fault } from '#domain/fault';
import { formatDrive } from '#pve/codec/drive';
import type { DriveAt } from '../drives.ts';
import type { Change } from '../facet.ts';
import type { PlannedNic } from '../nics.ts';
import type { Have, Wish } from '../wish.ts';
import { seedSlot } from './seed-drives.ts';

/** The label by which cloud-init finds a NoCloud seed. */
const LABEL = 'cidata';

/** An uploaded ISO in the place of every other seed. The same wish gives the same bytes, and so the same name. */
export function isoChange(wish: Wish, have: Have, nics: readonly PlannedNic[], seeds: readonly DriveAt[]): Change {
  const { storage, fileName, bytes } = iso(wish, have, nics);
  const file = `${storage}:iso/${fileName}`;
  const stale = seeds.filter((at) => at.drive.file !== file).map((at) => at.slot);
  if (seeds.some((at) => at.drive.file === file)) return { delete: stale };
  const slot = seedSlot(wish, have, seeds);
  return {
    upload: [{ storage, fileName, bytes }],
    set: { [slot]: formatDrive({ file, media: 'cdrom' }) },
    delete: stale.filter((key) => key !== slot),
  };
}

function iso(
  wish: Wish,
  have: Have,
  nics: readonly PlannedNic[],
): { storage: string; fileName: string; bytes: Uint8Array } {
  const { spec, site, incarnation } = wish;
  if (spec.userData !== undefined) checkUserData(spec.userData);
  const files = noCloudFiles({
    instanceId: `vrtg-${incarnation}`,
    hostname: spec.name,
    userData: spec.userData,
    metaData: spec.metaData,
    nics: nics.flatMap(({ net, spec: nic }) => {
      const { addresses = [], gateways = [], dns = [] } = nic ?? {};
      return net.mac === undefined ? [] : [{ mac: net.mac, addresses, gateways, dns }];
    }),
  });
  if (site.isoStorage === undefined) throw noIsoStorage(wish, have);
  const bytes = buildIso(files, { label: LABEL });
  return { storage: site.isoStorage, fileName: formatIsoName(have.vmid, incarnation, bytes), bytes };
}

function noIsoStorage({ spec }: Wish, have: Have): Fault {
  return new Fault('precondition', {
    subject: `VM ${spec.name}`,
    wanted: 'deliver its cloud-init user data',
    why: `node ${have.node} has no active storage for ISO images that we may use`,
    remedy: 'Give a storage the content type "iso" (and us Datastore.AllocateTemplate), or name one in PVE_ISO_STORAGE',
  });
}
