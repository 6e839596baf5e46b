// The roles every PVE has (recordings one-node/20), with the privileges of all versions: a node overlooks those that its
// own does not have.
import type { Feature } from '../profiles/features.ts';
import type { Profile } from '../profiles/profile.ts';
import { words } from '../world/words.ts';
import { EVERY_PRIVILEGE } from './privileges.ts';

const all = (...areas: readonly string[]): string[] =>
  EVERY_PRIVILEGE.filter((name) => areas.includes(name.slice(0, name.indexOf('.'))));
const without = (names: readonly string[], ...dropped: readonly string[]): string[] =>
  names.filter((name) => !dropped.includes(name));

const NOT_FOR_ADMINS =
  'Mapping.Modify Permissions.Modify Realm.Allocate Sys.AccessNetwork Sys.Incoming Sys.Modify Sys.PowerMgmt';

export const BUILTIN_ROLES: Readonly<Record<string, readonly string[]>> = {
  Administrator: EVERY_PRIVILEGE,
  NoAccess: [],
  PVEAdmin: without(EVERY_PRIVILEGE, ...words(NOT_FOR_ADMINS)),
  PVEAuditor: words('Datastore.Audit Mapping.Audit Pool.Audit SDN.Audit Sys.Audit VM.Audit VM.GuestAgent.Audit'),
  PVEDatastoreAdmin: all('Datastore'),
  PVEDatastoreUser: ['Datastore.AllocateSpace', 'Datastore.Audit'],
  PVEMappingAdmin: all('Mapping'),
  PVEMappingUser: without(all('Mapping'), 'Mapping.Modify'),
  PVEPoolAdmin: all('Pool'),
  PVEPoolUser: ['Pool.Audit'],
  PVESDNAdmin: all('SDN'),
  PVESDNUser: without(all('SDN'), 'SDN.Allocate'),
  PVESysAdmin: ['Sys.Audit', 'Sys.Console', 'Sys.Syslog'],
  PVETemplateUser: ['VM.Audit', 'VM.Clone'],
  PVEUserAdmin: ['Group.Allocate', 'Realm.AllocateUser', 'User.Modify'],
  PVEVMAdmin: all('VM'),
  PVEVMUser: words(
    'VM.Audit VM.Backup VM.Config.CDROM VM.Config.Cloudinit VM.Console VM.PowerMgmt',
    'VM.GuestAgent.Audit VM.GuestAgent.FileRead VM.GuestAgent.FileSystemMgmt VM.GuestAgent.FileWrite',
  ),
};

const SINCE: Readonly<Record<string, Feature>> = {
  PVEMappingAdmin: 'mappings',
  PVEMappingUser: 'mappings',
  PVESDNUser: 'bridgesNeedSdnUse',
};

export function isBuiltinRole(id: string): boolean {
  return BUILTIN_ROLES[id] !== undefined;
}

/** Whether a node of this version has the role, should the world name it. */
export function knowsRole(profile: Profile, id: string): boolean {
  const feature = SINCE[id];
  return feature === undefined || profile.has(feature);
}
