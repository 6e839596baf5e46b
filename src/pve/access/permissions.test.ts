import { describe, expect, test } from 'vitest';
import { hasPrivilege, type Permissions } from './permissions.ts';

const permissions: Permissions = new Map([
  ['/', new Map([['Sys.Audit', true]])],
  ['/nodes/pve1', new Map([['Sys.AccessNetwork', true]])],
  ['/nodes/pve2', new Map([['Sys.AccessNetwork', false]])],
  ['/vms', new Map([['VM.Audit', true]])],
  ['/vms/100', new Map([['VM.PowerMgmt', false]])],
  ['/storage/local', new Map([['Datastore.Audit', false]])],
]);

describe('a privilege', () => {
  test.each([
    ['/', 'Sys.Audit', true, 'on its own path'],
    ['/storage/local', 'Datastore.Audit', true, 'on its own path, also where it does not reach down'],
    ['/vms/101', 'VM.Audit', true, 'from above'],
    ['/nodes/pve3', 'Sys.Audit', true, 'from the root'],
    ['/nodes/pve1', 'Sys.Audit', false, 'hidden by an entry that lacks it'],
    ['/nodes/pve1/x', 'Sys.Audit', false, 'hidden by an entry above that lacks it'],
    ['/nodes/pve2/x', 'Sys.Audit', true, 'not hidden by an entry that does not reach down'],
    ['/vms/100', 'VM.Audit', false, 'hidden on one VM'],
    ['/storage/local/x', 'Datastore.Audit', false, 'from an entry that does not reach down'],
    ['/pool/p', 'VM.Audit', false, 'nowhere'],
  ])('%s %s: %s (%s)', (path, privilege, expected) => {
    expect(hasPrivilege(permissions, path, privilege)).toBe(expected);
  });

  test('is nobody’s without any entry', () => expect(hasPrivilege(new Map(), '/vms/1', 'VM.Audit')).toBe(false));
});
