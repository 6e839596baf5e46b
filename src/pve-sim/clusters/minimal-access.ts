// The access a provider needs and no more: user and privilege-separated token, each with every ACL (pve-behaviour 23, 28.8),
// and root's own token. In a cluster of several versions the roles have what each of them asks for.
import { ROOT } from '../access/root.ts';
import type { Feature } from '../profiles/features.ts';
import { profileOf } from '../profiles/profiles.ts';
import type { Random } from '../random.ts';
import { words } from '../world/words.ts';
import type { AccessState, AclEntry } from '../world/world.ts';
import { BUILTIN_ROLES } from '../access/builtin-roles.ts';
import type { ClusterData } from './cluster-data.ts';

const PROVIDER_USER = 'virtrigaud@pve';
export const PROVIDER_TOKEN = `${PROVIDER_USER}!vrtg`;
export const ROOT_TOKEN = `${ROOT}!sim`;

const VM_PRIVILEGES = words(
  'VM.Allocate VM.Audit VM.Clone VM.PowerMgmt VM.Snapshot VM.Config.CDROM VM.Config.CPU',
  'VM.Config.Cloudinit VM.Config.Disk VM.Config.HWType VM.Config.Memory VM.Config.Network VM.Config.Options',
);

type Roles = Readonly<Record<string, readonly string[]>>;

function rolesFor({ pve, nodes }: ClusterData): Roles {
  const profiles = nodes.map((node) => profileOf(node.pve ?? pve));
  const where = (feature: Feature, has: boolean, ...privileges: readonly string[]): readonly string[] =>
    profiles.some((profile) => profile.has(feature) === has) ? privileges : [];
  return {
    VrtgCluster: ['Sys.Audit'],
    VrtgNet: where('bridgesNeedSdnUse', true, 'SDN.Use'),
    VrtgNode: ['Sys.Audit', ...where('accessNetworkPrivilege', true, 'Sys.AccessNetwork')],
    VrtgPool: ['Pool.Allocate'],
    VrtgStorage: ['Datastore.AllocateSpace', 'Datastore.Audit', 'Datastore.AllocateTemplate', 'Datastore.Allocate'],
    VrtgVM: [
      ...VM_PRIVILEGES,
      ...where('guestAgentPrivileges', true, 'VM.GuestAgent.Audit'),
      ...where('guestAgentPrivileges', false, 'VM.Monitor'),
    ],
  };
}

/** How old the key of the tickets is when the world begins. */
const KEY_AGE_MS = 12 * 3600 * 1000;

/** @param now ms of the world's time */
export function minimalAccess(data: ClusterData, random: Random, now: number): AccessState {
  const roles = rolesFor(data);
  const grants: [path: string, role: string][] = [
    ['/', 'VrtgCluster'],
    ['/vms', 'VrtgVM'],
    ['/nodes', 'VrtgNode'],
    ...(roles['VrtgNet']?.length === 0 ? [] : [['/sdn/zones/localnetwork', 'VrtgNet'] as [string, string]]),
    ...data.storages.map(({ id }): [string, string] => [`/storage/${id}`, 'VrtgStorage']),
    ...data.pools.map((id): [string, string] => [`/pool/${id}`, 'VrtgPool']),
  ];
  const entry =
    (subject: string) =>
    ([path, role]: [string, string]): AclEntry => ({ path, subject, role, propagate: true });
  const tokens = {
    [PROVIDER_TOKEN]: { secret: random.uuid(), privsep: true },
    [ROOT_TOKEN]: { secret: random.uuid(), privsep: false },
  };
  return {
    users: {
      [ROOT]: { enabled: true, password: random.uuid(), details: { email: 'root@example.invalid' } },
      [PROVIDER_USER]: { enabled: true },
    },
    groups: {},
    tokens,
    roles: { ...BUILTIN_ROLES, ...roles },
    acl: [...grants.map(entry(PROVIDER_USER)), ...grants.map(entry(PROVIDER_TOKEN))],
    signingKey: { secret: random.uuid(), generation: 1, since: now - KEY_AGE_MS },
  };
}
