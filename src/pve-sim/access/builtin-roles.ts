// The roles every PVE 9.1 has (recording one-node/20), each as the privileges it takes from the whole list.
import { words } from '../world/words.ts';
import { ALL_PRIVILEGES } from './privileges.ts';

const all = (...areas: readonly string[]): string[] =>
  ALL_PRIVILEGES.filter((name) => areas.includes(name.slice(0, name.indexOf('.'))));
const without = (names: readonly string[], ...dropped: readonly string[]): string[] =>
  names.filter((name) => !dropped.includes(name));

const NOT_FOR_ADMINS =
  'Mapping.Modify Permissions.Modify Realm.Allocate Sys.AccessNetwork Sys.Incoming Sys.Modify Sys.PowerMgmt';
const VM_ADMIN = all('VM');
const DATASTORE_ADMIN = all('Datastore');
const SDN_ADMIN = all('SDN');
const USER_ADMIN = ['Group.Allocate', 'Realm.AllocateUser', 'User.Modify'];
const SYS_ADMIN = ['Sys.Audit', 'Sys.Console', 'Sys.Syslog'];

export const BUILTIN_ROLES: Readonly<Record<string, readonly string[]>> = {
  Administrator: ALL_PRIVILEGES,
  NoAccess: [],
  PVEAdmin: without(ALL_PRIVILEGES, ...words(NOT_FOR_ADMINS)),
  PVEAuditor: words('Datastore.Audit Mapping.Audit Pool.Audit SDN.Audit Sys.Audit VM.Audit VM.GuestAgent.Audit'),
  PVEDatastoreAdmin: DATASTORE_ADMIN,
  PVEDatastoreUser: ['Datastore.AllocateSpace', 'Datastore.Audit'],
  PVEMappingAdmin: all('Mapping'),
  PVEMappingUser: without(all('Mapping'), 'Mapping.Modify'),
  PVEPoolAdmin: all('Pool'),
  PVEPoolUser: ['Pool.Audit'],
  PVESDNAdmin: SDN_ADMIN,
  PVESDNUser: without(SDN_ADMIN, 'SDN.Allocate'),
  PVESysAdmin: SYS_ADMIN,
  PVETemplateUser: ['VM.Audit', 'VM.Clone'],
  PVEUserAdmin: USER_ADMIN,
  PVEVMAdmin: VM_ADMIN,
  PVEVMUser: words(
    'VM.Audit VM.Backup VM.Config.CDROM VM.Config.Cloudinit VM.Console VM.PowerMgmt',
    'VM.GuestAgent.Audit VM.GuestAgent.FileRead VM.GuestAgent.FileSystemMgmt VM.GuestAgent.FileWrite',
  ),
};
