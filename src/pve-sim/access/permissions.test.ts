import { describe, expect, test } from 'vitest';
import { THREE_NODE } from '../clusters/three-node.ts';
import { buildWorld } from '../clusters/build-world.ts';
import { createRandom } from '../random.ts';
import type { AclEntry } from '../world/world.ts';
import { guestFilter, isAllowed, privilegesOn } from './permissions.ts';
import { checkRule, or, perm, permAny, permWith } from './rules.ts';

const USER = 'u@pve';
const TOKEN = 'u@pve!t';

/** A world whose ACLs are these alone. */
function worldWith(acl: readonly Partial<AclEntry>[], privsep = true) {
  const world = buildWorld(THREE_NODE, createRandom(1), 0, {});
  world.access.users = { 'root@pam': { enabled: true }, [USER]: { enabled: true } };
  world.access.tokens[TOKEN] = { secret: 's', privsep };
  world.access.acl = acl.map((entry) => ({ path: '/', subject: USER, role: 'PVEVMUser', propagate: true, ...entry }));
  return world;
}

const has = (world: ReturnType<typeof worldWith>, who: string, path: string, name: string): boolean | undefined =>
  privilegesOn(world, who, path).get(name);

describe('roles along a path', () => {
  test('are inherited where they propagate', () => {
    const world = worldWith([{ path: '/vms' }, { path: '/nodes', role: 'PVEAuditor', propagate: false }]);
    expect(has(world, USER, '/vms/100', 'VM.Audit')).toBe(true);
    expect(has(world, USER, '/', 'VM.Audit')).toBeUndefined();
    expect(has(world, USER, '/nodes', 'Sys.Audit')).toBe(false);
    expect(has(world, USER, '/nodes/pve1', 'Sys.Audit')).toBeUndefined();
  });

  test('are replaced by those of a deeper level, not joined with them', () => {
    const world = worldWith([{}, { path: '/vms/100', role: 'PVETemplateUser' }]);
    expect(has(world, USER, '/vms/100', 'VM.Clone')).toBe(true);
    expect(has(world, USER, '/vms/100', 'VM.PowerMgmt')).toBeUndefined();
    expect(has(world, USER, '/vms/101', 'VM.PowerMgmt')).toBe(true);
  });

  test('of NoAccess win over others on their level', () => {
    const world = worldWith([{ path: '/vms' }, { path: '/vms', role: 'NoAccess' }]);
    expect([...privilegesOn(world, USER, '/vms/100')]).toEqual([]);
  });
});

describe('a token', () => {
  test('with privilege separation has what both it and its user have', () => {
    const world = worldWith([{}, { subject: TOKEN, path: '/vms', role: 'PVETemplateUser' }]);
    expect([...privilegesOn(world, TOKEN, '/vms/100').keys()]).toEqual(['VM.Audit']);
    expect([...privilegesOn(world, TOKEN, '/nodes').keys()]).toEqual([]);
  });

  test('without it has what its user has, and nothing when the user is disabled', () => {
    const world = worldWith([{}], false);
    expect(has(world, TOKEN, '/vms/100', 'VM.PowerMgmt')).toBe(true);
    world.access.users[USER] = { enabled: false };
    expect(has(world, TOKEN, '/vms/100', 'VM.PowerMgmt')).toBeUndefined();
  });
});

test('rights on a pool reach its members alone, without going further', () => {
  const world = worldWith([{ path: '/pool/virtrigaud' }]);
  world.pools['virtrigaud']?.vms.push(100);
  expect(has(world, USER, '/vms/100', 'VM.PowerMgmt')).toBe(false);
  expect(has(world, USER, '/vms/9000', 'VM.PowerMgmt')).toBeUndefined();
  world.access.acl.push({ path: '/vms', subject: USER, role: 'NoAccess', propagate: true });
  expect(has(world, USER, '/vms/100', 'VM.PowerMgmt')).toBeUndefined();
});

describe('a refusal', () => {
  const world = worldWith([]);
  test.each([
    [
      'names path and privilege',
      perm('/vms/{vmid}', 'VM.Audit'),
      { vmid: '100' },
      'Permission check failed (/vms/100, VM.Audit)',
    ],
    [
      'joins alternatives with bars',
      permAny('/vms/{vmid}', 'A', 'B'),
      { vmid: '100' },
      'Permission check failed (/vms/100, A|B)',
    ],
    [
      'puts a dash for what is missing',
      perm('/vms/{newid}', 'VM.Allocate'),
      {},
      'Permission check failed (/vms/-, VM.Allocate)',
    ],
    [
      'is bare for an "or"',
      or(perm('/vms/1', 'A'), permWith('pool', '/pool/{pool}', 'A')),
      {},
      'Permission check failed',
    ],
  ])('%s', (_, rule, params, expected) => {
    expect(() => checkRule(world, USER, rule, params)).toThrow(expected);
  });
});

test('a list shows the guests whose status could be asked: by pool, by their own entry, or by what /vms gives', () => {
  const world = worldWith([{ path: '/pool/virtrigaud' }, { path: '/vms/9001' }]);
  world.pools['virtrigaud']?.vms.push(9000, 100);
  const shown = (): number[] => [9000, 9001, 100, 101].filter(guestFilter(world, USER, 'VM.Audit'));
  expect(shown()).toEqual([9000, 9001, 100]);
  world.access.acl.push({ path: '/vms/100', subject: USER, role: 'NoAccess', propagate: true });
  expect(shown()).toEqual([9000, 9001]);
  expect(shown().every((vmid) => isAllowed(world, USER, `/vms/${vmid}`, ['VM.Audit']))).toBe(true);
  world.access.acl = [{ path: '/vms', subject: USER, role: 'PVEVMUser', propagate: true }];
  expect(shown()).toEqual([9000, 9001, 100, 101]);
});
