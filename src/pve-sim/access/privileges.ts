// Every privilege of PVE 9 (pve-behaviour 5.2): what root@pam has.

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
    'GuestAgent.FileWrite GuestAgent.Unrestricted Migrate PowerMgmt Replicate Snapshot Snapshot.Rollback',
  ].join(' '),
};

export const ALL_PRIVILEGES: readonly string[] = Object.entries(AREAS).flatMap(([area, names]) =>
  names.split(' ').map((name) => `${area}.${name}`),
);
