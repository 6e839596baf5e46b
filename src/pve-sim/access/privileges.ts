// Every privilege of every version (pve-behaviour 5.2). The world's roles may hold any of them, as user.cfg is shared by
// nodes of different versions; a node knows those of its own version and overlooks the rest.
import type { Feature } from '../profiles/features.ts';
import { type Profile, perProfile } from '../profiles/profile.ts';
import { words } from '../world/words.ts';

const AREAS: Readonly<Record<string, string>> = {
  Datastore: 'Allocate AllocateSpace AllocateTemplate Audit',
  Group: 'Allocate',
  Mapping: 'Audit Modify Use',
  Permissions: 'Modify',
  Pool: 'Allocate Audit',
  Realm: 'Allocate AllocateUser',
  SDN: 'Allocate Audit Use',
  Sys: 'AccessNetwork Audit Console Incoming Modify PowerMgmt Syslog',
  User: 'Modify',
  VM: [
    'Allocate Audit Backup Clone Config.CDROM Config.CPU Config.Cloudinit Config.Disk Config.HWType Config.Memory',
    'Config.Network Config.Options Console GuestAgent.Audit GuestAgent.FileRead GuestAgent.FileSystemMgmt',
    'GuestAgent.FileWrite GuestAgent.Unrestricted Migrate Monitor PowerMgmt Replicate Snapshot Snapshot.Rollback',
  ].join(' '),
};

export const EVERY_PRIVILEGE: readonly string[] = Object.entries(AREAS).flatMap(([area, names]) =>
  words(names).map((name) => `${area}.${name}`),
);

const SINCE: Readonly<Record<string, Feature>> = {
  'Mapping.Audit': 'mappings',
  'Mapping.Modify': 'mappings',
  'Mapping.Use': 'mappings',
  'Sys.AccessNetwork': 'accessNetworkPrivilege',
  'VM.GuestAgent.Audit': 'guestAgentPrivileges',
  'VM.GuestAgent.FileRead': 'guestAgentPrivileges',
  'VM.GuestAgent.FileSystemMgmt': 'guestAgentPrivileges',
  'VM.GuestAgent.FileWrite': 'guestAgentPrivileges',
  'VM.GuestAgent.Unrestricted': 'guestAgentPrivileges',
  'VM.Replicate': 'guestAgentPrivileges',
};

export const privilegesOf = perProfile((profile: Profile): ReadonlySet<string> => {
  const isKnown = (name: string): boolean => {
    if (name === 'VM.Monitor') return !profile.has('guestAgentPrivileges');
    const feature = SINCE[name];
    return feature === undefined || profile.has(feature);
  };
  return new Set(EVERY_PRIVILEGE.filter(isKnown));
});
