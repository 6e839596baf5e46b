// `/cluster/options`, and the tag policy that is set there (pve-behaviour 5.3, 28.10).
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import { objectOf, type PveClient, pveClient } from './pve-client.ts';

let simulator: Simulator;
let root: PveClient;
let provider: PveClient;

beforeAll(async () => {
  simulator = await startSimulator({ cluster: 'one-node', timeScale: 0 });
  root = pveClient(simulator, { token: simulator.rootToken });
  provider = pveClient(simulator);
  await provider.task('post', '/nodes/pve/qemu', { vmid: 100 });
});

afterAll(async () => {
  await Promise.all([root.close(), provider.close()]);
  await simulator.stop();
});

const options = { set: async (params: Record<string, string>) => await root.put('/cluster/options', params) };
const setTags = async (client: PveClient, tags: string) => await client.put('/nodes/pve/qemu/100/config', { tags });
const tagsOf = (): string | undefined => simulator.world.guests[100]?.config['tags'];

beforeEach(async () => {
  simulator.world.cluster.options = {};
  await setTags(root, 'old');
});

describe('the options', () => {
  test('read back in parts, with numbers for booleans and text for other numbers', async () => {
    await options.set({
      'tag-style': 'shape=full,case-sensitive=yes',
      'user-tag-access': 'user-allow=list,user-allow-list=web;db',
      'registered-tags': 'z;a',
      'next-id': 'upper=300,lower=200',
      migration: 'insecure',
      keyboard: 'de',
    });
    expect(objectOf(await root.get('/cluster/options'))).toEqual({
      'allowed-tags': ['a', 'db', 'old', 'template', 'ubuntu', 'web', 'z'],
      description: '',
      keyboard: 'de',
      mac_prefix: 'BC:24:11',
      migration: { type: 'insecure' },
      'next-id': { lower: '200', upper: '300' },
      'registered-tags': ['a', 'z'],
      'tag-style': { 'case-sensitive': 1, shape: 'full' },
      'user-tag-access': { 'user-allow': 'list', 'user-allow-list': ['web', 'db'] },
    });
    expect(objectOf(await root.get('/cluster/nextid'))).toBe('200');
  });

  test('are deleted by name, and all stay where one is refused', async () => {
    await options.set({ 'next-id': 'lower=200', keyboard: 'de' });
    const refused = await options.set({ 'next-id': 'lower=200,upper=100', keyboard: 'fr' });
    expect([refused.status, refused.reason]).toEqual([500, 'lower (200) <= upper (100) boundary rule broken']);
    expect(simulator.world.cluster.options).toEqual({ 'next-id': 'lower=200', keyboard: 'de' });
    await options.set({ delete: 'next-id' });
    expect(simulator.world.cluster.options).toEqual({ keyboard: 'de' });
  });

  test.each([
    [
      'tag-style',
      'shape=bogus',
      /^invalid format - format error\ntag-style\.shape: value 'bogus' does not have a value/,
    ],
    ['mac_prefix', '01:00', /^invalid format - value is not a valid unicast MAC address prefix\n$/],
    ['bogus', '1', /^property is not defined in schema/],
  ])('%s=%s is refused', async (name, value, expected) => {
    expect((await options.set({ [name]: value })).errors?.[name]).toMatch(expected);
  });

  test('need Sys.Modify on / to be written', async () => {
    const reply = await provider.put('/cluster/options', { keyboard: 'de' });
    expect([reply.status, reply.reason]).toEqual([403, 'Permission check failed (/, Sys.Modify)']);
  });

  test('decide the MACs that are made', async () => {
    await options.set({ mac_prefix: '02:11:22' });
    await provider.put('/nodes/pve/qemu/100/config', { net0: 'virtio,bridge=vmbr0' });
    expect(simulator.world.guests[100]?.config['net0']).toMatch(/^virtio=02:11:22(?::[0-9A-F]{2}){3},/);
  });
});

describe('without Sys.Modify', () => {
  test.each([
    ['user-allow=none', 'old;new', 'new'],
    ['user-allow=none', '', 'old'],
    ['user-allow=existing', 'old;new', 'new'],
    ['user-allow=list,user-allow-list=web', 'web', 'old'],
    ['user-allow=list,user-allow-list=old;web', 'Web', 'Web'],
  ])('%s refuses "%s" for the tag %s', async (policy, tags, named) => {
    await options.set({ 'user-tag-access': policy });
    const reply = await setTags(provider, tags);
    expect([reply.status, reply.reason]).toEqual([
      403,
      `Permission check failed (/, Sys.Modify for modifying tag '${named}')`,
    ]);
    expect(tagsOf()).toBe('old');
  });

  test.each([
    ['user-allow=none', 'old', 'old'],
    ['user-allow=list,user-allow-list=web', 'old;web', 'old;web'],
    ['user-allow=existing', '', ' '],
    ['user-allow=free', 'New;b', 'b;new'],
  ])('%s allows "%s"', async (policy, tags, stored) => {
    await options.set({ 'user-tag-access': policy });
    expect((await setTags(provider, tags)).status).toBe(200);
    expect(tagsOf()).toBe(stored);
  });

  test('registered tags may neither be added nor removed', async () => {
    await options.set({ 'registered-tags': 'old;secret' });
    expect((await setTags(provider, 'old;secret')).reason).toContain("modifying tag 'secret'");
    const removed = await provider.put('/nodes/pve/qemu/100/config', { delete: 'tags' });
    expect(removed.reason).toContain("modifying tag 'old'");
    expect((await setTags(root, 'secret')).status).toBe(200);
  });

  test('a refusal in the background is the error of the task', async () => {
    await options.set({ 'user-tag-access': 'user-allow=none' });
    expect(await provider.task('post', '/nodes/pve/qemu/100/config', { tags: 'x' })).toBe(
      "403 Permission check failed (/, Sys.Modify for modifying tag 'x')",
    );
  });
});

describe('the tag style', () => {
  test.each([
    ['case-sensitive=1', 'b;A;a', 'A;a;b'],
    ['ordering=config', 'b;A;a', 'b;a'],
  ])('%s stores "%s" as "%s"', async (style, given, stored) => {
    await options.set({ 'tag-style': style });
    await setTags(root, given);
    expect(tagsOf()).toBe(stored);
  });
});

describe('a create', () => {
  test.each([
    ['9.1', 200, 'B;a'],
    ['9.2', 403, undefined],
  ])('with tags, on %s', async (profile, status, tags) => {
    const own = await startSimulator({ cluster: 'one-node', timeScale: 0, profile });
    const client = pveClient(own);
    try {
      own.world.cluster.options = { 'user-tag-access': 'user-allow=none' };
      const reply = await client.post('/nodes/pve/qemu', { vmid: 101, tags: 'B;a' });
      expect(reply.status).toBe(status);
      if (status === 200) await client.exitOf(reply.data);
      expect(own.world.guests[101]?.config['tags']).toBe(tags);
    } finally {
      await client.close();
      await own.stop();
    }
  });
});
