// Every option of a storage's definition, of all its types together, as `POST` and `PUT /storage` know them.
import { perProfile } from '../profiles/profile.ts';
import { words } from '../world/words.ts';
import { absolutePathFormat, configIdFormat, contentFormat, matching, nodeFormat, volumeFormat } from './formats.ts';
import { choice, flag, integer, listText, number, optional, type Property, type Schema, text } from './property.ts';
import { propertyFormat } from './property-format.ts';

const looks = (name: string, pattern: RegExp, what: string) =>
  matching(name, pattern, () => `value does not look like a valid ${what}`);
const HOST = /(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|[0-9a-fA-F:]+|\[[0-9a-fA-F:]+\])/;
const serverFormat = looks('pve-storage-server', new RegExp(`^${HOST.source}$`), 'server name or IP address');
const portalFormat = looks('pve-storage-portal-dns', new RegExp(`^${HOST.source}(?::\\d+)?$`), 'portal address');
const groupFormat = matching(
  'pve-storage-vgname',
  /^[a-z0-9][a-z0-9\-_.]*[a-z0-9]$/i,
  (value) => `lvm name '${value}' contains illegal characters`,
);
const blockSizeFormat = looks('pve-storage-zfs-blocksize', /^\d+[kKmMgG]?$/, 'ZFS blocksize');
const mountFormat = matching('pve-storage-options', /^\S+$/, (value) => `invalid options '${value}'`);
/** `iso=images/iso`: a folder of its own for a content type, relative to the storage. */
const directoriesFormat = matching(
  'pve-dir-override',
  /^(?:images|rootdir|vztmpl|iso|backup|snippets|import)=[^.]+$/,
  (value) => `invalid override '${value}'`,
);

const limit = optional(number({ minimum: 0 }));
const bwlimit = optional(
  text({
    format: propertyFormat({ schema: { clone: limit, default: limit, migration: limit, move: limit, restore: limit } }),
  }),
);
const keep = optional(integer());
const pruneBackups = optional(
  text({
    format: propertyFormat(
      {
        schema: {
          'keep-all': flag(),
          'keep-last': keep,
          'keep-hourly': keep,
          'keep-daily': keep,
          'keep-weekly': keep,
          'keep-monthly': keep,
          'keep-yearly': keep,
        },
      },
      'prune-backups',
    ),
  }),
);

const plain: Property = optional(text());
const path = optional(text({ format: absolutePathFormat }));
const list = (format: typeof directoriesFormat): Property => listText(format);

/** What may be changed later, too. */
export const storageOptions = perProfile(
  (profile): Schema => ({
    blocksize: optional(text({ format: blockSizeFormat })),
    bwlimit,
    comstar_hg: plain,
    comstar_tg: plain,
    content: list(contentFormat),
    ...(profile.has('storageSubdirs')
      ? { 'content-dirs': list(directoriesFormat), 'create-base-path': flag(), 'create-subdirs': flag() }
      : {}),
    'data-pool': plain,
    disable: flag(),
    domain: optional(text({ maxLength: 256 })),
    'encryption-key': plain,
    fingerprint: optional(text({ pattern: /([A-Fa-f0-9]{2}:){31}[A-Fa-f0-9]{2}/ })),
    format: optional(choice('raw', 'qcow2', 'subvol', 'vmdk')),
    'fs-name': optional(text({ format: configIdFormat })),
    fuse: flag(),
    is_mountpoint: plain,
    keyring: plain,
    krbd: flag(),
    lio_tpg: plain,
    'master-pubkey': plain,
    'max-protected-backups': optional(integer({ minimum: -1 })),
    mkdir: flag(),
    monhost: list(portalFormat),
    mountpoint: path,
    namespace: plain,
    nocow: flag(),
    nodes: list(nodeFormat),
    nowritecache: flag(),
    options: optional(text({ format: mountFormat })),
    password: optional(text({ maxLength: 256 })),
    pool: plain,
    port: optional(integer({ minimum: 1, maximum: 65535 })),
    preallocation: optional(choice('off', 'metadata', 'falloc', 'full')),
    'prune-backups': pruneBackups,
    saferemove: flag(),
    ...(profile.has('saferemoveStepsize')
      ? { 'saferemove-stepsize': optional(integer({ enum: ['1', '2', '4', '8', '16', '32'] })) }
      : {}),
    saferemove_throughput: plain,
    server: optional(text({ format: serverFormat })),
    shared: flag(),
    ...(profile.has('esxiStorage') ? { 'skip-cert-verification': flag() } : {}),
    smbversion: optional(choice('default', '2.0', '2.1', '3', '3.0', '3.11')),
    ...(profile.has('snapshotVolumeChain') ? { 'snapshot-as-volume-chain': flag() } : {}),
    sparse: flag(),
    subdir: path,
    tagged_only: flag(),
    username: plain,
    ...(profile.has('zfsBasePath') ? { 'zfs-base-path': path } : {}),
    ...(profile.has('glusterfs')
      ? {
          maxfiles: optional(integer({ minimum: 0 })),
          server2: optional(text({ format: serverFormat })),
          transport: optional(choice('tcp', 'rdma', 'unix')),
        }
      : {}),
  }),
);

/** What is fixed once the storage is there. */
export const fixedStorageOptions = perProfile(
  (profile): Schema => ({
    authsupported: plain,
    base: optional(text({ format: volumeFormat })),
    datastore: plain,
    export: path,
    iscsiprovider: plain,
    path,
    portal: optional(text({ format: portalFormat })),
    share: plain,
    target: plain,
    thinpool: optional(text({ format: groupFormat })),
    type: storageType(profile.has('esxiStorage'), profile.has('glusterfs')),
    vgname: optional(text({ format: groupFormat })),
    ...(profile.has('glusterfs') ? { volume: plain } : {}),
  }),
);

function storageType(esxi: boolean, glusterfs: boolean): Property {
  const names = words('btrfs cephfs cifs dir esxi glusterfs iscsi iscsidirect lvm lvmthin nfs pbs rbd zfs zfspool');
  return choice(...names.filter((name) => (name !== 'esxi' || esxi) && (name !== 'glusterfs' || glusterfs)));
}

export const storageTypes = perProfile((profile) => fixedStorageOptions(profile)['type'] ?? text());
