// VMImages from the web: what is wrong with them, several Providers and several nodes, and what is not to be imported.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ManagerFlow, type Seen, startManagerFlow } from '../support/manager-flow.ts';
import { BASICS, isReady, manifest, vmManifest } from '../support/vm-manifests.ts';
import { addImages, RAW_SHA256, takeSeconds, WEB } from '../support/web-images.ts';

let flow: ManagerFlow;
beforeAll(async () => {
  flow = await startManagerFlow({ simulator: { timeScale: 100, latency: false } });
  addImages(flow.sim);
  await flow.applyCredentials();
  await flow.apply(BASICS + provider('second', []));
});
afterAll(async () => await flow.stop());

function provider(name: string, env: readonly object[]): string {
  return manifest('Provider', name, {
    type: 'proxmox',
    endpoint: 'https://pve.example.com:8006',
    credentialSecretRef: { name: 'pve-credentials' },
    runtime: { env },
  });
}

function image(
  name: string,
  { path = 'disk.img', storage = 'shared', proxmox = {}, ...spec }: ImageParts = {},
): string {
  const http = { url: `${WEB}/${path}`, checksum: RAW_SHA256 };
  return manifest('VMImage', name, { source: { http, proxmox: { storage, ...proxmox } }, ...spec });
}

interface ImageParts {
  readonly path?: string;
  readonly storage?: string;
  readonly proxmox?: object;
  readonly prepare?: object;
}

const vm = (name: string, of: string, at = 'prod'): string =>
  vmManifest(name, { imageRef: { name: of }, providerRef: { name: at }, powerState: 'Off' });
const is = (type: string, state: string) => (seen: Seen) => seen.condition(type) === state;
const templates = async () => (await flow.world.vms()).filter(({ template }) => template).map(({ vmid }) => vmid);
const requests = (method: string, path: string): number =>
  flow.sim.journal.after(0).filter((one) => one.method === method && one.path.endsWith(path)).length;

async function gone(vms: readonly string[], name: string): Promise<void> {
  for (const one of vms) await flow.delete('VirtualMachine', one);
  for (const one of vms) await flow.untilGone('VirtualMachine', one);
  await flow.delete('VMImage', name);
  await flow.untilGone('VMImage', name);
}

it('what is not to be imported is used where it is there, and else is told of', async () => {
  const before = await templates();
  await flow.apply(image('given', { prepare: { onMissing: 'Fail' } }) + vm('one', 'given'));
  const missing = await flow.until('VMImage', 'given', is('Ready', 'False ImageMissing'));
  expect(missing.status).toMatchObject({ ready: false, phase: 'Failed', availableOn: [] });
  expect(missing.message('Ready')).toBe(
    'image given: prepare: no template has been made of it, and none is to be made (prepare.onMissing). Set onMissing to Import.',
  );
  const waits = await flow.until('VirtualMachine', 'one', (seen) => seen.message('Ready').includes('onMissing'));
  expect(waits.condition('ImageReady')).toMatch(/^False/);
  await flow.apply(image('given', { prepare: { onMissing: 'Wait' } }));
  await flow.until('VMImage', 'given', ({ status }) => status['phase'] === 'Pending');
  expect(requests('POST', '/download-url')).toBe(0);

  await flow.apply(image('given', { prepare: { onMissing: 'Import' } }));
  await flow.until('VirtualMachine', 'one', isReady);
  const fetched = requests('POST', '/download-url');
  await flow.apply(image('given', { prepare: { onMissing: 'Fail' } }));
  await flow.until('VMImage', 'given', (seen) => isReady(seen) && seen.metadata['generation'] === 4);
  expect(requests('POST', '/download-url')).toBe(fetched);

  // What is wrong with it now is not ready, whatever it was.
  await flow.apply(image('given').replace(RAW_SHA256, 'zz'));
  const wrong = await flow.until('VMImage', 'given', is('Ready', 'False InvalidSpec'));
  expect(wrong.status).toMatchObject({ ready: false, phase: 'Pending' });
  await flow.apply(image('given'));
  await gone(['one'], 'given');
  expect(await templates()).toEqual(before);
});

it('each Provider has its own template, and one that refuses is not asked all the time', async () => {
  const before = await templates();
  takeSeconds(flow.sim, WEB, '/disk.img', 400);
  await flow.apply(
    provider('second', [
      { name: 'PVE_NODE_SELECTOR', value: 'nowhere' },
      { name: 'PVE_NODE_SELECTOR_MODE', value: 'require' },
    ]),
  );
  await flow.apply(image('both') + vm('here', 'both') + vm('there', 'both', 'second'));
  const half = await flow.until(
    'VMImage',
    'both',
    ({ status }) => status['availableOn']?.toString() === 'default/prod' && status['phase'] === 'Failed',
  );
  expect(half.status).toMatchObject({ ready: false });
  const line = 'method=/provider.v1.Provider/ImagePrepare';
  const asked = flow.log.filter((one) => one.includes('request started provider=default/second') && one.includes(line));
  expect(asked.length).toBeGreaterThan(0);
  // At 5, 10, 20, 40, 80, 160 and 300 s.
  expect(asked.length).toBeLessThan(10);
  takeSeconds(flow.sim, WEB, '/disk.img', 0.1);
  await flow.apply(provider('second', []));
  await flow.until('VMImage', 'both', isReady);
  await flow.until('VirtualMachine', 'there', isReady);
  expect(await templates()).toHaveLength(before.length + 2);
  await gone(['here', 'there'], 'both');
  expect(await templates()).toEqual(before);
});

it('templates on several nodes all go with their image', async () => {
  const before = await templates();
  await flow.apply(
    image('many', { storage: 'local-lvm', proxmox: { nodes: ['pve1', 'pve2', 'pve3'] } }) + vm('one', 'many'),
  );
  await flow.until('VirtualMachine', 'one', isReady);
  await flow.until('VMImage', 'many', isReady);
  expect(await templates()).toHaveLength(before.length + 3);
  await gone(['one'], 'many');
  expect(await templates()).toEqual(before);
  const events = (await flow.events('VMImage', 'many')).filter((event) => event.startsWith('Normal Deleted'));
  expect(events).toHaveLength(3);
});
