// Directories of the API: what lies below a path (recordings one-node/20, 21, 80).
import { everybody, perm, type Rule } from '../access/rules.ts';
import type { Feature } from '../profiles/features.ts';
import { guestParams, nodeParams } from '../schema/endpoint-params.ts';
import type { Schema } from '../schema/property.ts';
import { words } from '../world/words.ts';
import type { Endpoint } from './endpoint.ts';

interface Index {
  readonly path: string;
  readonly params?: Schema;
  readonly allow?: Rule;
  /** What each row calls its name. */
  readonly key: 'subdir' | 'name' | 'id';
  readonly names: readonly string[];
  /** Those that not every version has. */
  readonly since?: Readonly<Record<string, Feature>>;
}

const INDEXES: readonly Index[] = [
  { path: '/', key: 'subdir', names: words('access cluster nodes pools storage version') },
  {
    path: '/access',
    key: 'subdir',
    names: words('acl domains groups openid password roles tfa ticket users'),
  },
  { path: '/access/openid', key: 'subdir', names: ['auth-url', 'login'] },
  {
    path: '/cluster',
    key: 'name',
    names: words(
      'acme backup backup-info bulk-action ceph config firewall ha jobs log mapping metrics nextid notifications',
      'options replication resources sdn status tasks',
    ),
    since: { 'bulk-action': 'bulkActions', mapping: 'mappings', notifications: 'notificationOptions' },
  },
  {
    path: '/cluster/ha',
    key: 'id',
    allow: perm('/', 'Sys.Audit'),
    names: words('groups resources rules status'),
    since: { rules: 'haRules' },
  },
  {
    path: '/nodes/{node}',
    params: nodeParams,
    key: 'name',
    names: words(
      'aplinfo apt capabilities ceph certificates config disks dns firewall hardware hosts journal lxc migrateall',
      'netstat network qemu query-oci-repo-tags query-url-metadata replication report rrd rrddata scan sdn services',
      'spiceshell startall status stopall storage subscription suspendall syslog tasks termproxy time version vncshell',
      'vzdump wakeonlan',
    ),
    since: { 'query-oci-repo-tags': 'ociImages', suspendall: 'bulkSuspend' },
  },
  { path: '/nodes/{node}/capabilities', params: nodeParams, key: 'name', names: ['qemu'] },
  {
    path: '/nodes/{node}/capabilities/qemu',
    params: nodeParams,
    key: 'name',
    names: words('cpu machines migration'),
    since: { migration: 'migrationCapabilities' },
  },
  {
    path: '/nodes/{node}/qemu/{vmid}',
    params: guestParams,
    key: 'subdir',
    names: words(
      'agent cloudinit config firewall migrate monitor move mtunnel pending remote_migrate resize rrd rrddata sendkey',
      'snapshot spiceproxy status termproxy unlink vncproxy',
    ),
    since: { cloudinit: 'cloudinitCalls', mtunnel: 'remoteMigration', remote_migrate: 'remoteMigration' },
  },
  {
    path: '/nodes/{node}/qemu/{vmid}/status',
    params: guestParams,
    key: 'subdir',
    names: words('current reboot reset shutdown start stop suspend'),
  },
  {
    path: '/nodes/{node}/qemu/{vmid}/agent',
    params: guestParams,
    key: 'name',
    names: words(
      'exec exec-status file-read file-write fsfreeze-freeze fsfreeze-status fsfreeze-thaw fstrim get-fsinfo',
      'get-host-name get-memory-block-info get-memory-blocks get-osinfo get-time get-timezone get-users get-vcpus info',
      'network-get-interfaces ping set-user-password shutdown suspend-disk suspend-hybrid suspend-ram',
    ),
  },
];

export const INDEX_ENDPOINTS: readonly Endpoint[] = INDEXES.map((index) => ({
  method: 'GET',
  path: index.path,
  params: index.params ?? {},
  allow: index.allow ?? everybody,
  handle: ({ profile }) =>
    index.names
      .filter((name) => {
        const feature = index.since?.[name];
        return feature === undefined || profile.has(feature);
      })
      .map((name) => ({ [index.key]: name })),
}));
