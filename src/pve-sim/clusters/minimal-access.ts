// The access a provider needs and no more: user and privilege-separated token, each with every ACL (pve-behaviour 28.8, in
// the form of 9.x), and root's own token.
import type { Random } from '../random.ts';
import { words } from '../world/words.ts';
import type { AccessState, AclEntry } from '../world/world.ts';
import { BUILTIN_ROLES } from '../access/builtin-roles.ts';

const PROVIDER_USER = 'virtrigaud@pve';
export const PROVIDER_TOKEN = `${PROVIDER_USER}!vrtg`;
export const ROOT_TOKEN = 'root@pam!sim';

const VM_PRIVILEGES = words(
  'VM.Allocate VM.Audit VM.Clone VM.PowerMgmt VM.Snapshot VM.GuestAgent.Audit VM.Config.CDROM VM.Config.CPU',
  'VM.Config.Cloudinit VM.Config.Disk VM.Config.HWType VM.Config.Memory VM.Config.Network VM.Config.Options',
);

const ROLES: Readonly<Record<string, readonly string[]>> = {
  VrtgCluster: ['Sys.Audit'],
  VrtgNet: ['SDN.Use'],
  VrtgNode: ['Sys.Audit', 'Sys.AccessNetwork'],
  VrtgPool: ['Pool.Allocate'],
  VrtgStorage: ['Datastore.AllocateSpace', 'Datastore.Audit', 'Datastore.AllocateTemplate', 'Datastore.Allocate'],
  VrtgVM: VM_PRIVILEGES,
};

export function minimalAccess(storages: readonly string[], pools: readonly string[], random: Random): AccessState {
  const grants: [path: string, role: string][] = [
    ['/', 'VrtgCluster'],
    ['/vms', 'VrtgVM'],
    ['/nodes', 'VrtgNode'],
    ['/sdn/zones/localnetwork', 'VrtgNet'],
    ...storages.map((id): [string, string] => [`/storage/${id}`, 'VrtgStorage']),
    ...pools.map((id): [string, string] => [`/pool/${id}`, 'VrtgPool']),
  ];
  const entry =
    (subject: string) =>
    ([path, role]: [string, string]): AclEntry => ({ path, subject, role, propagate: true });
  return {
    users: { 'root@pam': { enabled: true }, [PROVIDER_USER]: { enabled: true } },
    tokens: {
      [PROVIDER_TOKEN]: { secret: random.uuid(), privsep: true },
      [ROOT_TOKEN]: { secret: random.uuid(), privsep: false },
    },
    roles: { ...BUILTIN_ROLES, ...ROLES },
    acl: [...grants.map(entry(PROVIDER_USER)), ...grants.map(entry(PROVIDER_TOKEN))],
  };
}
