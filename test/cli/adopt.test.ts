import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Claim, describeWithClaim, readClaim } from '#claim/record';
import type { Vmid } from '#pve/ids';
import { type Flow, startFlow } from '../support/flow.ts';
import { lastRequest, writesSince } from '../support/journal.ts';
import { createRequest } from '../support/requests.ts';
import { vrtg } from '../support/vrtg.ts';

let flow: Flow;
beforeAll(async () => {
  flow = await startFlow({ simulator: { timeScale: 100, latency: false } });
});
afterAll(async () => await flow.stop());
afterEach(() => {
  flow.sim.faults.clear();
  const { config } = guest(100);
  delete config['description'];
  delete config['lock'];
});

function guest(id: number | string) {
  const found = flow.sim.world.guests[Number(id)];
  if (found === undefined) throw new Error(`there is no guest ${id}`);
  return found;
}

function claimOf(id: number | string): Claim | undefined {
  const reading = readClaim(guest(id).config['description']);
  return reading.kind === 'claim' ? reading.claim : undefined;
}

const theirs: Claim = {
  incarnation: 'aaaaaaaaaaaa',
  digest: 'd',
  instance: 'other/one',
  kind: 'vm',
  name: 'db',
  namespace: 'team-b',
  state: 'ready',
  time: 1,
  vmid: 100 as Vmid,
};

const WRITE = 'PUT /nodes/pve3/qemu/100/config';

async function adopt(...args: readonly string[]) {
  const since = lastRequest(flow.sim);
  const ran = await vrtg(flow.sim, ['adopt', ...args]);
  return { ...ran, writes: writesSince(flow.sim, since) };
}

describe('vrtg adopt', () => {
  it('makes a VM ours that nobody has claimed: the provider may then destroy it', async () => {
    guest(100).config['description'] = 'Notes of a person';
    const { code, out, writes } = await adopt('100');
    expect({ code, out, writes }).toEqual({
      code: 0,
      out: [
        'VM 100 (legacy-app on pve3): adopted, as legacy-app.',
        '',
        '1 adopted, 0 refused, 0 ours already, as instance test/flow.',
        '',
      ].join('\n'),
      writes: [WRITE],
    });
    expect(guest(100).config['description']).toMatch(/^Notes of a person\n<!-- virtrigaud 1 \{.*\} -->$/);
    expect(claimOf(100)).toMatchObject({
      instance: 'test/flow',
      name: 'legacy-app',
      state: 'ready',
      digest: 'adopted',
    });
    expect(Math.abs((claimOf(100)?.time ?? 0) - flow.sim.clock.now() / 1000)).toBeLessThan(120);
    const { providerRawJson } = await flow.client.describe({ id: '100' });
    expect(JSON.parse(providerRawJson)).toMatchObject({ claim: 'ready' });
  });

  it('leaves a VM that is ours already as it is', async () => {
    await adopt('100');
    const before = guest(100).config['description'];
    const { code, out, writes } = await adopt('pve3:100');
    expect({ code, writes }).toEqual({ code: 0, writes: [] });
    expect(out).toContain('VM 100 (legacy-app on pve3): ours already, as legacy-app: left as it is.');
    expect(guest(100).config['description']).toBe(before);
  });

  it('replaces a claim that came along with a clone', async () => {
    guest(100).config['description'] = describeWithClaim('copied', { ...theirs, vmid: 4711 as Vmid }, 'refuse');
    expect(await adopt('100')).toMatchObject({ code: 0, writes: [WRITE] });
    expect(claimOf(100)).toMatchObject({ instance: 'test/flow', vmid: 100 });
    expect(guest(100).config['description']?.match(/virtrigaud/g)).toHaveLength(1);
  });

  it('writes nothing in a dry run', async () => {
    const { code, out, writes } = await adopt('100', '--dry-run');
    expect({ code, writes }).toEqual({ code: 0, writes: [] });
    expect(out).toContain('VM 100 (legacy-app on pve3): would be adopted, as legacy-app.');
  });

  it('looks again where somebody else changes the VM at the same time', async () => {
    flow.sim.faults.add([
      {
        method: 'PUT',
        path: '/qemu/100/config',
        count: 1,
        action: { answer: { status: 500, reason: 'checksum mismatch (file change by other user?)' } },
      },
    ]);
    expect(await adopt('100')).toMatchObject({ code: 0, writes: [WRITE, WRITE] });
    expect(claimOf(100)).toBeDefined();
  });

  it('writes once where the answer to the write is lost', async () => {
    flow.sim.faults.add([{ method: 'PUT', path: '/qemu/100/config', count: 1, action: { dropAfter: true } }]);
    const { code, out, writes } = await adopt('100');
    expect({ code, writes }).toEqual({ code: 0, writes: [WRITE] });
    expect(out).toContain('VM 100 (legacy-app on pve3): adopted, as legacy-app.');
  });
});

describe('vrtg adopt refuses, changes nothing, and tells what to do', () => {
  it.each([
    ['a container', '101', /VM 101 on pve3: refused: it is a container\./],
    ['a template', '9001', /VM 9001 \(ubuntu-22-template on pve2\): refused: it is a template\./],
    ['a VM that is not there', '4711', /VM 4711: refused: there is no VM with this id\./],
    ['what is no id', 'web', /"web": refused: it is no VMID\. Use a VMID such as 100123\./],
  ])('%s', async (_what, id, line) => {
    const { code, out, writes } = await adopt(id);
    expect({ code, writes }).toEqual({ code: 1, writes: [] });
    expect(out).toMatch(line);
  });

  it.each([
    ['a locked VM', { lock: 'backup' }, /locked \(backup\)\. Wait for .*on pve3, as root, with "qm unlock 100"/],
    [
      "another instance's VM",
      { description: describeWithClaim('', theirs, 'refuse') },
      /it belongs to virtrigaud instance other\/one, VM team-b\/db\. If its provider is gone for good, add --take-over\./,
    ],
    [
      'a VM with a damaged claim',
      { description: '<!-- virtrigaud 1 {"c": -->' },
      /it belongs to somebody unknown \(the claim is not JSON\)/,
    ],
    ['a VM with a later claim', { description: '<!-- virtrigaud 2 {} -->' }, /version 2, this provider knows 1/],
    [
      'a VM with too long a description',
      { description: 'x'.repeat(8100) },
      /8100 characters.*Shorten its notes in PVE/,
    ],
  ])('%s', async (_what, change, line) => {
    Object.assign(guest(100).config, change);
    const { code, out, writes } = await adopt('100');
    expect({ code, writes }).toEqual({ code: 1, writes: [] });
    expect(out).toMatch(line);
  });

  it('a VM that may not be seen, or whose options may not be changed, with the privilege', async () => {
    const { access } = flow.sim.world;
    const { acl, roles } = access;
    access.acl = [...acl, { path: '/vms/100', subject: flow.sim.token.id, role: 'NoAccess', propagate: true }];
    const hidden = await adopt('100');
    access.acl = [...acl, { path: '/vms/100', subject: flow.sim.token.id, role: 'PVEAuditor', propagate: true }];
    const fixed = await adopt('100');
    Object.assign(access, { acl, roles });
    expect(hidden).toMatchObject({
      code: 1,
      writes: [],
      out: expect.stringMatching(/Grant VM\.Audit on \/vms\/100 to/),
    });
    expect(fixed).toMatchObject({ code: 1, out: expect.stringMatching(/Grant VM\.Config\.Options on \/vms\/100 to/) });
    expect(claimOf(100)).toBeUndefined();
  });

  it('one of several without stopping the others', async () => {
    const { code, out, writes } = await adopt('101', '100', '4711');
    expect({ code, writes }).toEqual({ code: 1, writes: [WRITE] });
    expect(out).toContain('1 adopted, 2 refused, 0 ours already, as instance test/flow.');
  });

  it('without a name for the instance', async () => {
    const { code, err } = await vrtg(flow.sim, ['adopt', '100'], { PVE_INSTANCE: '' });
    expect({ code, err }).toEqual({
      code: 2,
      err: expect.stringMatching(/^vrtg: which provider .*--instance or PVE_INSTANCE/),
    });
  });
});

describe('vrtg adopt --take-over', () => {
  it.each([
    ["another instance's VM", describeWithClaim('', theirs, 'refuse'), 'virtrigaud instance other/one, VM team-b/db'],
    ['a VM with a damaged claim', '<!-- virtrigaud 1 {"c": -->', 'somebody unknown (the claim is not JSON)'],
  ])('takes %s, and names whose it was', async (_what, description, from) => {
    guest(100).config['description'] = description;
    const { code, out, writes } = await adopt('100', '--take-over');
    expect({ code, writes }).toEqual({ code: 0, writes: [WRITE] });
    expect(out).toContain(`VM 100 (legacy-app on pve3): adopted, as legacy-app; until now it belonged to ${from}.`);
    expect(claimOf(100)).toMatchObject({ instance: 'test/flow', name: 'legacy-app' });
    expect(claimOf(100)?.incarnation).not.toBe(theirs.incarnation);
  });

  it('gives a VM of ours that another uid holds to the name alone', async () => {
    guest(100).config['description'] = describeWithClaim(
      '',
      { ...theirs, instance: 'test/flow', uid: 'old' },
      'refuse',
    );
    expect(await adopt('100')).toMatchObject({ code: 0, writes: [] });
    expect(await adopt('100', '--take-over')).toMatchObject({ code: 0, writes: [WRITE] });
    expect(claimOf(100)).toMatchObject({ name: 'db', namespace: 'team-b' });
    expect(claimOf(100)?.uid).toBeUndefined();
  });

  it('does not take a VM of ours that is still being made', async () => {
    const { id } = await flow.client.create(createRequest({ name: 'half' }));
    const { config } = guest(id);
    config['description'] = config['description']?.replace('"s":"ready"', '"s":"creating"') ?? '';
    const { code, out, writes } = await adopt(id, '--take-over');
    expect({ code, writes }).toEqual({ code: 1, writes: [] });
    expect(out).toMatch(/its create has not ended\. Wait, or see what "vrtg orphans" says about it\./);
    config['description'] = config['description'].replace('"s":"creating"', '"s":"ready"');
    await flow.client.delete({ id });
  });
});

describe('vrtg adopt without VMIDs', () => {
  it('lists the VMs that nobody has claimed, and whose the others are', async () => {
    const { id } = await flow.client.create(createRequest({ name: 'web', tags: ['blue'] }));
    const { code, out, writes } = await adopt();
    const width = id.length;
    expect({ code, writes }).toEqual({ code: 0, writes: [] });
    expect(out.split('\n').map((line) => line.replace(/ {2,}/g, ' | '))).toEqual([
      'VMID | NAME | NODE | POOL | TAGS | WHOSE',
      expect.stringMatching(/^100 \| legacy-app \| pve3 \|.* nobody$/),
      expect.stringMatching(/^9000 .*nobody; a template$/),
      expect.stringMatching(/^9001 .*nobody; a template$/),
      expect.stringMatching(new RegExp(`^\\d{${width}} \\| web \\| pve2 \\| blue \\| ours, VM web$`)),
      '',
      expect.stringMatching(/^1 of 4 VMs can be adopted by instance test\/flow: /),
      '',
    ]);
    await flow.client.delete({ id });
  });

  it('lists those that meet the filters, and adopts them with --all', async () => {
    expect((await adopt('--name', 'LEGACY-*')).out).toContain('1 of 1 VMs can be adopted');
    expect((await adopt('--node', 'pve1', '--tag', 'none')).out).toContain('There is no VM that meets the filters.');
    const { code, out, writes } = await adopt('--name', '*', '--all');
    expect({ code, writes }).toEqual({ code: 0, writes: [WRITE] });
    expect(out).toContain('1 adopted, 0 refused, 0 ours already');
  });

  it.each([
    [['--all'], /--all needs a filter/],
    [['100', '--node', 'pve3'], /either VMIDs or filters/],
    [['100', '--from-kube', 'x.yaml'], /give neither VMIDs nor filters/],
  ])('is refused with %j', async (args, message) => {
    const { code, err, writes } = await adopt(...args);
    expect({ code, writes }).toEqual({ code: 2, writes: [] });
    expect(err).toMatch(message);
  });
});
