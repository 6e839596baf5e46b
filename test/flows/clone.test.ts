import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTodo } from '#claim/todo';
import { describeWithClaim, readClaim } from '#claim/record';
import type { Vmid } from '#pve/ids';
import { type Flow, startFlow } from '../support/flow.ts';
import { lastRequest, writesSince } from '../support/journal.ts';
import { outcomeOf } from '../support/outcome.ts';
import { isoBytes, seedIsoOf } from '../support/seed-iso.ts';
import { revoke } from '../support/rights.ts';
import { prepareSources, SOURCES } from '../support/sources.ts';
import { until } from '../support/until.ts';
import { claimedVms, strayVolumes, type VmFacts } from '../support/world.ts';

// Clones as VirtRigaud's manager asks for them: class and customisation as the CRDs have them, placement as a name alone.

let flow: Flow;
beforeAll(async () => {
  flow = await startFlow({ simulator: { cluster: SOURCES, timeScale: 100, latency: false } });
  await prepareSources(flow);
});
afterAll(async () => {
  expect(strayVolumes(flow.sim)).toEqual([]);
  await flow.stop();
});

interface Asked {
  readonly source: number;
  readonly name: string;
  readonly linked?: boolean;
  readonly class?: unknown;
  readonly placement?: unknown;
  readonly customize?: unknown;
}

const json = (value: unknown): string => (value === undefined ? '' : JSON.stringify(value));
const request = ({ source, name, linked = false, ...asked }: Asked) => ({
  sourceVmId: String(source),
  targetName: name,
  linked,
  classJson: json(asked.class),
  placementJson: json(asked.placement),
  customizeJson: json(asked.customize),
});

async function taskIsDone(id: string, client = flow.client): Promise<string> {
  const { error } = await until(
    async () => await client.taskStatus({ task: { id } }),
    ({ done }) => done,
  );
  return error;
}

async function cloned(asked: Asked, client = flow.client): Promise<VmFacts> {
  const { targetVmId, task } = await client.clone(request(asked));
  // On a busy machine a call may be over before the copy is.
  if (task !== undefined) await taskIsDone(task.id, client);
  const [vm, ...others] = await claimedVms(flow.world, asked.name);
  expect(others).toEqual([]);
  expect(vm).toMatchObject({ vmid: Number(targetVmId), state: 'ready', lock: undefined, running: false });
  if (vm === undefined) throw new Error(`there is no ${asked.name}`);
  expect(vm.config['description']).not.toContain('virtrigaud-todo');
  return vm;
}

const configOf = (vmid: number): Record<string, string> => ({ ...flow.sim.world.guests[vmid]?.config });
const warningsOf = async (vm: VmFacts): Promise<string> =>
  (JSON.parse((await flow.client.describe({ id: String(vm.vmid) })).providerRawJson) as { warnings?: string })
    .warnings ?? '';
const isoText = (vm: VmFacts | undefined): string =>
  Buffer.from(isoBytes(flow.sim, seedIsoOf(vm ?? { config: {} })?.volid ?? '')).toString('latin1');
const volumeOf = (vm: VmFacts, slot: string) =>
  Object.values(flow.sim.world.volumes).find((each) => each.volid === vm.config[slot]?.split(',')[0]);

const SECRET = 'hunter2-and-more';
const USER_DATA = `#cloud-config\npassword: ${SECRET}\n`;
const BUSY_VM = 113;

describe('O12: what the manager sends with a Clone', () => {
  it('is done: class, host name, addresses, user data and tags, with a new identity and MACs of its own', async () => {
    const before = configOf(BUSY_VM);
    const since = lastRequest(flow.sim);
    const vm = await cloned({
      source: BUSY_VM,
      name: 'copy-1',
      class: { cpu: 4, memory: '8Gi', diskDefaults: { size: '40Gi', type: 'thin' }, firmware: 'BIOS' },
      placement: { name: 'spread' },
      customize: {
        hostname: 'web',
        domain: 'example.org',
        userData: { cloudInit: { inline: USER_DATA } },
        networks: [
          { name: 'net0', ipAddress: '10.1.2.3', subnetMask: '255.255.254.0', gateway: '10.1.2.1', dns: ['9.9.9.9'] },
        ],
        tags: ['Team A'],
      },
    });
    expect(configOf(BUSY_VM)).toEqual(before);
    expect(vm.config).toMatchObject({ memory: '8192', vcpus: '4', tags: 'team_a' });
    expect(vm.config['scsi0']).toMatch(/size=40G/);
    for (const key of ['net0', 'smbios1', 'vmgenid']) expect(vm.config[key]).not.toBe(before[key]);
    const mac = /=([0-9A-F:]{17})/.exec(vm.config['net0'] ?? '')?.[1] ?? '';
    const iso = isoText(vm);
    for (const part of [USER_DATA, 'local-hostname: "web.example.org"', mac.toLowerCase(), '10.1.2.3/23', '9.9.9.9']) {
      expect(iso).toContain(part);
    }
    const writes = writesSince(flow.sim, since);
    expect(writes.findIndex((write) => write.endsWith('/upload'))).toBeLessThan(
      writes.findIndex((write) => write.endsWith('/clone')),
    );
    expect(writes.filter((write) => write.endsWith('/upload'))).toHaveLength(1);
    expect(flow.log.join('\n')).not.toContain(SECRET);
    expect(await warningsOf(vm)).toContain('name of a policy alone');

    // Its own clone takes nothing of its seed along.
    const second = await cloned({ source: vm.vmid, name: 'copy-of-copy' });
    expect(second.config).toMatchObject({
      ide2: expect.stringContaining(`vm-${second.vmid}-cloudinit`),
      ipconfig0: 'ip=dhcp',
    });
    expect(second.config).toMatchObject({ memory: '8192', vcpus: '4', tags: 'team_a' });
    expect(second.config['net0']).not.toContain(mac);
  });

  it('without class and customisation leaves all but the identity, and a static address is not taken over', async () => {
    const guest = flow.sim.world.guests[9100];
    if (guest === undefined) throw new Error('there is no 9100');
    const net0 = `${guest.config['net0']},tag=12,firewall=1`;
    Object.assign(guest.config, { net0, sockets: '2', ipconfig0: 'ip=10.0.0.5/24,gw=10.0.0.1' });
    const since = lastRequest(flow.sim);
    const vm = await cloned({ source: 9100, name: 'plain' });
    const calls = writesSince(flow.sim, since).map((write) => write.replace(/.*\//, ''));
    expect(calls).toEqual(['clone', 'config', 'config']);
    expect(vm.config).toMatchObject({ cores: '1', sockets: '2', memory: '1024', ipconfig0: 'ip=dhcp', ciupgrade: '0' });
    expect(vm.config['net0']).toMatch(/bridge=vmbr0.*firewall=1.*tag=12/);
    expect(await warningsOf(vm)).toContain('static address');
  });
});

describe('O11: a linked clone', () => {
  it('of a template shares its blocks; of what PVE cannot link it is made in full, and Describe says so', async () => {
    const linked = await cloned({ source: 9001, name: 'linked', linked: true });
    expect(volumeOf(linked, 'scsi0')).toMatchObject({ parent: expect.stringContaining('base-9001') });
    expect(await warningsOf(linked)).not.toContain('made in full');
    const elsewhere = await cloned({
      source: 9100,
      name: 'linked-elsewhere',
      linked: true,
      placement: { Host: 'pve3' },
    });
    expect(elsewhere).toMatchObject({ node: 'pve3', config: { scsi0: expect.stringMatching(/^ceph:/) } });
    const instead: readonly Asked[] = [
      { source: BUSY_VM, name: 'of-a-running-vm', linked: true },
      { source: 9102, name: 'of-thick-lvm', linked: true },
      { source: 9001, name: 'onto-other-storage', linked: true, placement: { Datastore: 'ceph' } },
    ];
    for (const asked of instead) {
      const vm = await cloned(asked);
      expect(volumeOf(vm, 'scsi0')?.parent).toBeUndefined();
      expect(await warningsOf(vm)).toContain('made in full');
    }
  });
});

describe('O11: a clone of a snapshot', () => {
  it('is what the VM was then, linked where the storage can, full elsewhere, or refused with what there is', async () => {
    const source = 113;
    const { snapshotId } = await flow.client.snapshotCreate({ vmId: String(source), nameHint: 'web.before' });
    const guest = flow.sim.world.guests[source];
    const { memory } = configOf(source);
    if (guest !== undefined) guest.config['memory'] = '4096';
    const before = configOf(source);
    for (const [name, snapshot] of [
      ['of-snapshot', snapshotId],
      ['of-hint', 'web.before'],
    ] as const) {
      const linked = await cloned({ source, name, linked: true, customize: { snapshot } });
      expect(volumeOf(linked, 'scsi0')?.parent).toContain(`vm-${source}-disk`);
      expect(linked.config['memory']).toBe(memory);
      expect(linked.config).not.toHaveProperty('parent');
      expect(await warningsOf(linked)).not.toContain('made in full');
    }
    const full = await cloned({ source, name: 'full-of-snapshot', customize: { snapshot: snapshotId } });
    expect(volumeOf(full, 'scsi0')?.parent).toBeUndefined();
    expect(full.config['memory']).toBe(memory);
    expect(configOf(source)).toEqual(before);
    const since = lastRequest(flow.sim);
    for (const [from, snapshot, linked, words] of [
      [source, 'never-was', true, new RegExp(`^customize_json\\.snapshot: .*no snapshot "never-was".*${snapshotId}`)],
      [
        110,
        'golden',
        true,
        /^customize_json\.snapshot: storage "zfs" \(zfspool\) cannot make a full clone of snapshot/,
      ],
    ] as const) {
      const outcome = await outcomeOf(
        flow.client.clone(request({ source: from, name: 'never', linked, customize: { snapshot } })),
      );
      expect(outcome).toMatchObject({ kind: 'invalid-spec', message: expect.stringMatching(words) });
    }
    expect(writesSince(flow.sim, since)).toEqual([]);
  });
});

describe('a Clone that cannot be', () => {
  const long = Array.from({ length: 70 }, (_, index) => `${index}-${'x'.repeat(60)}`);
  it.each<[string, Partial<Asked>, string, RegExp]>([
    ['sysprep', { customize: { sysprep: { enabled: true } } }, 'unsupported', /customize_json\.sysprep/],
    ['guest commands', { customize: { guestCommands: [{ command: 'ls' }] } }, 'unsupported', /guestCommands.*runcmd/],
    ['certificates', { customize: { certificates: [{ name: 'a' }] } }, 'unsupported', /certificates/],
    [
      'a secret only named',
      { customize: { userData: { cloudInit: { secretRef: { name: 's' } } } } },
      'unsupported',
      /secretRef.*inline/,
    ],
    [
      'a time zone beside user data',
      { customize: { timeZone: 'Europe/Berlin', userData: { cloudInit: { inline: 'x' } } } },
      'unsupported',
      /timeZone/,
    ],
    ['an unknown word', { customize: { hostName: 'x' } }, 'invalid-spec', /customize_json\.hostName/],
    [
      'a mask that is none',
      { customize: { networks: [{ name: 'vmbr0', ipAddress: '10.0.0.2', subnetMask: '255.0.255.0' }] } },
      'invalid-spec',
      /networks\[0\]\.subnetMask/,
    ],
    [
      'a network nobody knows',
      { customize: { networks: [{ name: 'nowhere' }] } },
      'invalid-spec',
      /customize_json\.networks\[0\]/,
    ],
    ['a name that is none', { name: 'no_dns' }, 'invalid-spec', /target_name/],
    ['a class without memory', { class: { cpu: 2 } }, 'invalid-spec', /class_json\.MemoryMiB/],
    ['more than a description keeps', { customize: { tags: long } }, 'invalid-spec', /customize_json.*3500/],
    ['a container', { source: 101 }, 'invalid-spec', /container/],
    ['a VM that runs with a TPM', { source: 112 }, 'precondition', /TPM.*[Pp]ower it off/],
    [
      'local disks to another node',
      { source: 9001, placement: { Host: 'pve3' } },
      'invalid-spec',
      /placement_json\.Host.*do not share/,
    ],
    ['no such VM', { source: 999 }, 'not-found', /source_vm_id/],
  ])('for %s is refused by name and changes nothing', async (_what, asked, kind, words) => {
    const since = lastRequest(flow.sim);
    const outcome = await outcomeOf(flow.client.clone(request({ source: BUSY_VM, name: 'never', ...asked })));
    expect(outcome).toMatchObject({ kind, message: expect.stringMatching(words) });
    expect(writesSince(flow.sim, since)).toEqual([]);
  });

  it.each([
    ['other/provider', 'ready', /belongs to/],
    ['test/flow', 'void', /taken away/],
  ] as const)('since its source is of %s and %s changes nothing', async (instance, state, words) => {
    const guest = flow.sim.world.guests[110];
    if (guest === undefined) throw new Error('there is no 110');
    const vmid = 110 as Vmid;
    const claim = {
      incarnation: 'a'.repeat(12),
      digest: '1',
      instance,
      kind: 'vm',
      name: 'x',
      state,
      time: 1,
      vmid,
    } as const;
    guest.config['description'] = describeWithClaim('', claim, 'refuse');
    const since = lastRequest(flow.sim);
    const outcome = await outcomeOf(flow.client.clone(request({ source: 110, name: `never-${state}` })));
    expect(outcome).toMatchObject({ kind: 'precondition', message: expect.stringMatching(words) });
    expect(writesSince(flow.sim, since)).toEqual([]);
    delete guest.config['description'];
  });
});

describe('a Clone that is asked for twice', () => {
  it('at once of two replicas makes one VM, and another request of that name is refused', async () => {
    const other = await flow.another(1);
    const asked = { source: 9001, name: 'twice' };
    const [one, two] = await Promise.all([cloned(asked), cloned(asked, other.client)]);
    expect(one.vmid).toBe(two.vmid);
    expect((await cloned(asked)).vmid).toBe(one.vmid);
    const outcome = await outcomeOf(flow.client.clone(request({ ...asked, customize: { tags: ['x'] } })));
    expect(outcome).toMatchObject({ kind: 'already-exists', message: expect.stringContaining(String(one.vmid)) });
    await other.end();
  });

  it('waits for a lock on its source, since nobody asks again', async () => {
    const guest = flow.sim.world.guests[100];
    if (guest === undefined) throw new Error('there is no 100');
    guest.config['lock'] = 'backup';
    const clone = cloned({ source: 100, name: 'patient' });
    await until(
      async () => await Promise.resolve(flow.log.some((line) => line.includes('locked (backup)'))),
      (isSeen) => isSeen,
    );
    delete guest.config['lock'];
    await clone;
  });
});

describe('a Clone whose provider ends while PVE copies', () => {
  async function leftBehind(name: string): Promise<{ id: string; task: string }> {
    const victim = await flow.another(1, { PVE_TASK_TIMEOUT: '1s' });
    const customize = { tags: ['left'], userData: { cloudInit: { inline: USER_DATA } } };
    const { targetVmId, task } = await victim.client.clone(request({ source: 9001, name, customize }));
    expect(targetVmId).not.toBe('');
    await victim.end();
    const guest = flow.sim.world.guests[Number(targetVmId)];
    expect(guest?.config['tags'] ?? '').not.toContain('left');
    return { id: targetVmId, task: task?.id ?? '' };
  }

  it.each(['TaskStatus', 'Describe'])('is finished by whoever is asked by %s', async (rpc) => {
    const { id, task } = await leftBehind(`left-${rpc.toLowerCase()}`);
    await until(
      async () =>
        rpc === 'TaskStatus'
          ? (await flow.client.taskStatus({ task: { id: task } })).done
          : (await outcomeOf(flow.client.describe({ id }))).kind === 'ok',
      (isDone) => isDone,
    );
    // Finished is the VM before all that was left behind on the way to it has gone.
    const { error } = await until(
      async () => await flow.client.taskStatus({ task: { id: task } }),
      ({ done }) => done,
    );
    expect(error).toBe('');
    const vm = (await flow.world.vms()).find(({ vmid }) => String(vmid) === id);
    expect(vm?.config).toMatchObject({ tags: 'left' });
    expect(isoText(vm)).toContain(SECRET);
    expect(vm?.config['description']).not.toContain('todo');
  });

  it('that cannot be finished is taken away, and its task tells why', async () => {
    const { id, task } = await leftBehind('left-without-rights');
    const grant = revoke(flow.sim, 'VM.Config.CDROM', '/vms', ['user', 'token']);
    expect(await taskIsDone(task)).toMatch(/left-without-rights.*VM\.Config\.CDROM/);
    expect(flow.sim.world.guests[Number(id)]).toBeUndefined();
    grant();
  });

  it('keeps nothing secret beside the copy, and has failed once that is gone', async () => {
    const { id, task } = await leftBehind('left-and-gone');
    const guest = await until(
      async () => await Promise.resolve(flow.sim.world.guests[Number(id)]),
      (left) => left?.config['lock'] === undefined && left?.config['scsi0'] !== undefined,
    );
    const description = guest?.config['description'];
    const reading = readClaim(description);
    expect(readTodo(description, reading.kind === 'claim' ? reading.claim.incarnation : '')).toMatchObject({
      source: 9001,
    });
    expect(description).not.toContain(SECRET);
    await until(
      async () => await outcomeOf(flow.client.delete({ id })),
      ({ kind }) => kind === 'ok',
    );
    const verdict = await until(
      async () => await flow.client.taskStatus({ task: { id: task } }),
      ({ done }) => done,
    );
    expect(verdict.error).toMatch(/clone: the copy has failed, or was deleted/);
  });
});
