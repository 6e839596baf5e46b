// The defects of VirtRigaud's own manager that are no part of another test, each by the number it has in the facts (section
// 9-V of the contract): ours has none of them.
import { type AddressInfo, createServer } from 'node:net';
import { type KubeApi, KubeApiError } from '#kube/api';
import { launchProvider } from '#provider/launch';
import { createClock } from '#runtime/clock';
import { createLogger } from '#runtime/log';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { type ManagerFlow, type Seen, startManagerFlow } from '../support/manager-flow.ts';
import { createMoments } from '../support/moments.ts';
import { BASICS, isReady, manifest, vmManifest, vmOf } from '../support/vm-manifests.ts';
import { addImages, RAW_SHA256, takeSeconds, WEB } from '../support/web-images.ts';
import { claimedVms } from '../support/world.ts';

const moments = createMoments();
let flow: ManagerFlow;
/** How many more writes of a status fail. */
let failing = 0;

function failingStatuses(api: KubeApi): KubeApi {
  return {
    ...api,
    patch: async (resource, key, patch, how) => {
      if (how?.subresource === 'status' && key.name === 'unwritten' && failing > 0) {
        failing -= 1;
        throw new KubeApiError({ code: 500, reason: 'InternalError', message: 'etcdserver: request timed out' });
      }
      return await api.patch(resource, key, patch, how);
    },
  };
}

beforeAll(async () => {
  flow = await startManagerFlow({
    simulator: { timeScale: 50, latency: false, record: moments.record },
    wrapApi: failingStatuses,
  });
  addImages(flow.sim);
  await flow.applyCredentials();
  await flow.apply(BASICS);
  await flow.until('Provider', 'prod', isReady);
});
afterAll(async () => await flow.stop());
afterEach(() => void vi.restoreAllMocks());

it('V6: MAC, host, pool, storage of disks and images, kind of copy, and all that a network says reach the VM', async () => {
  flow.sim.world.pools['blue'] = { id: 'blue', comment: undefined, vms: [], storages: [] };
  const { access } = flow.sim.world;
  access.roles['PoolUser'] = ['Pool.Allocate', 'Pool.Audit', 'VM.Allocate'];
  const subjects = [flow.sim.token.id, flow.sim.token.id.replace(/!.*/, '')];
  const entries = subjects.map((subject) => ({ path: '/pool/blue', subject, role: 'PoolUser', propagate: true }));
  access.acl = [...access.acl, ...entries];
  const network = { mtu: 1400, proxmox: { bridge: 'vmbr1', model: 'virtio', firewall: true, rateLimit: 5 } };
  const ipAllocation = {
    type: 'Static',
    staticConfig: { address: '10.1.0.5/24', gateway: '10.1.0.1' },
    dnsConfig: { servers: ['10.1.0.2'] },
  };
  await flow.apply(
    manifest('VMNetworkAttachment', 'office', { network, ipAllocation }) +
      manifest('VMImage', 'moved', { source: { proxmox: { templateName: 'ubuntu-22-template', storage: 'shared' } } }) +
      manifest('VMImage', 'grown', { source: { proxmox: { templateName: 'ubuntu-22-template', fullClone: false } } }) +
      vmManifest('told', {
        imageRef: { name: 'moved' },
        networks: [{ name: 'lan', networkRef: { name: 'office' }, macAddress: '02:00:00:00:00:09' }],
        disks: [{ name: 'data', size: '2Gi', storageClass: 'local-lvm' }],
        placement: { host: 'pve2', resourcePool: 'blue' },
      }) +
      vmManifest('hosted', { placement: { host: 'pve3' } }) +
      vmManifest('linked', { imageRef: { name: 'grown' }, powerState: 'Off' }),
  );
  await flow.until('VirtualMachine', 'told', isReady);
  const vm = await vmOf(flow, 'told');
  expect(vm.node).toBe('pve2');
  expect(vm.config).toMatchObject({
    net0: expect.stringMatching(/^virtio=02:00:00:00:00:09,bridge=vmbr1,firewall=1,mtu=1400,rate=5/),
    ipconfig0: 'gw=10.1.0.1,ip=10.1.0.5/24',
    nameserver: '10.1.0.2',
    scsi0: expect.stringMatching(/^shared:/),
  });
  expect(Object.values(vm.config).filter((value) => /^local-lvm:.*size=2G/.test(value))).toHaveLength(1);
  expect(JSON.stringify(flow.sim.world.pools['blue'])).toContain(String(vm.vmid));
  // Its template has a medium on a storage of pve2 alone: to be told so is to be heard.
  const hosted = await flow.until(
    'VirtualMachine',
    'hosted',
    (seen) => seen.condition('Ready') === 'False InvalidSpec',
  );
  expect(hosted.message('Ready')).toMatch(/^spec\.placement\.host: .* which pve2 and pve3 do not share/);
  await flow.until('VirtualMachine', 'linked', isReady);
  const linked = await vmOf(flow, 'linked');
  const disks = Object.values(flow.sim.world.volumes).filter((volume) => volume.vmid === linked.vmid);
  expect(disks.some(({ parent }) => parent?.includes('9001') === true)).toBe(true);
});

it('V8: a status that could not be written is no step that was taken: it is written later, and nothing is made twice', async () => {
  failing = 4;
  await flow.apply(vmManifest('unwritten'));
  const seen = await flow.until('VirtualMachine', 'unwritten', isReady);
  expect(failing).toBe(0);
  expect((await claimedVms(flow.world, 'unwritten')).map(({ vmid }) => String(vmid))).toEqual([seen.status['id']]);
  expect(flow.log.filter((line) => line.includes('visit failed') && line.includes('etcdserver'))).not.toEqual([]);
});

it('V10: an image that two Providers import at once has a task and a template at each', async () => {
  takeSeconds(flow.sim, WEB, '/disk.img', 100);
  const source = { http: { url: `${WEB}/disk.img`, checksum: RAW_SHA256 }, proxmox: { storage: 'local-lvm' } };
  await flow.apply(
    manifest('Provider', 'second', {
      type: 'proxmox',
      endpoint: 'https://pve.example.com:8006',
      credentialSecretRef: { name: 'pve-credentials' },
    }) +
      manifest('VMImage', 'both', { source }) +
      vmManifest('at-first', { imageRef: { name: 'both' }, powerState: 'Off' }) +
      vmManifest('at-second', { imageRef: { name: 'both' }, powerState: 'Off', providerRef: { name: 'second' } }),
  );
  const image = await flow.until('VMImage', 'both', isReady);
  takeSeconds(flow.sim, WEB, '/disk.img', 0.1);
  expect(image.status['availableOn']).toEqual(['default/prod', 'default/second']);
  const told = Object.values(image.status['providerStatus'] as Record<string, { id: string }>).map(({ id }) => id);
  expect(new Set(told).size).toBe(2);
  for (const name of ['at-first', 'at-second']) await flow.until('VirtualMachine', name, isReady);
});

it('V13: nothing of documents, credentials and requests is printed or logged, at any level', async () => {
  const printed: string[] = [];
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      printed.push(String(text));
      return true;
    });
  }
  const mark = 'deep-secret-of-a-guest';
  const since = flow.log.length;
  await flow.apply(
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'doc' },
      data: { userdata: btoa(`#!/bin/sh\necho ${mark}\n`) },
    }),
  );
  const userData = { cloudInit: { secretRef: { name: 'doc' } } };
  const inline = { cloudInit: { inline: `#cloud-config\npassword: ${mark}\n` } };
  const disks = [{ name: 'root', size: '11Gi' }];
  await flow.apply(vmManifest('silent', { userData, disks }) + vmManifest('silent-too', { userData: inline, disks }));
  for (const name of ['silent', 'silent-too']) await flow.until('VirtualMachine', name, isReady);
  await flow.apply(
    vmManifest('silent', { userData, disks: [{ name: 'root', size: '12Gi' }] }) +
      manifest('VMSnapshot', 'silent', { vmRef: { name: 'silent' } }) +
      manifest('VMClone', 'silent-copy', { sourceVMRef: { name: 'silent' }, customization: { userData: inline } }),
  );
  await flow.until('VMSnapshot', 'silent', isReady);
  await flow.until('VirtualMachine', 'silent-copy', isReady);
  await flow.applyCredentials('pve-credentials', { token_id: flow.sim.token.id, token_secret: `${mark}-wrong` });
  await flow.until('Provider', 'prod', (seen) => seen.condition('Healthy') === 'False CredentialsRefused');
  await flow.applyCredentials();
  await flow.until('Provider', 'prod', isReady);
  const said = [...flow.log.slice(since), ...printed, JSON.stringify(await objects())].join('\n');
  const secrets = [flow.sim.token.secret, `${mark}-wrong`];
  for (const secret of [...secrets, ...secrets.map(btoa)]) expect(said.includes(secret), secret).toBe(false);
  const loud = [...flow.log.slice(since), ...printed].join('\n');
  for (const text of [mark, btoa(mark).slice(0, 12), 'SizeGiB', 'disks_json'])
    expect(loud.includes(text), text).toBe(false);
  expect(loud).toContain('DEBUG');
});

async function objects(): Promise<unknown> {
  const kinds = ['Provider', 'Event'];
  return await Promise.all(kinds.map(async (kind) => (await flow.kubectl(['get', kind, '-o', 'json'])).stdout));
}

it('V15: a snapshot that is being taken is waited for before anything is copied from it', async () => {
  const { vmid } = await vmOf(flow, 'silent');
  const guest = flow.sim.world.guests[vmid];
  const copied: boolean[] = [];
  moments.at({ method: 'POST', path: /\/clone$/ }, () => {
    copied.push(guest?.snapshots['slow'] !== undefined && guest.config['lock'] !== 'snapshot');
  });
  await flow.apply(
    manifest('VMSnapshot', 'slow', { vmRef: { name: 'silent' }, includeMemory: true }) +
      manifest('VMClone', 'of-slow', { source: { snapshotRef: { name: 'slow' } } }),
  );
  await flow.until('VMClone', 'of-slow', (seen) => seen.condition('SnapshotReady') === 'False SnapshotNotReady');
  await flow.until('VMClone', 'of-slow', isReady);
  expect(copied).toEqual([true]);
});

/** A provider that somebody else runs, on a port that is known. */
async function launchAt(port: number) {
  return await launchProvider({
    environment: {
      PROVIDER_ENDPOINT: flow.sim.nodes[0]?.url ?? '',
      PVE_TOKEN_ID: flow.sim.token.id,
      PVE_TOKEN_SECRET: flow.sim.token.secret,
      PVE_CA_BUNDLE: flow.sim.ca,
      PVE_INSTANCE: 'test/silent',
      VIRTRIGAUD_PROVIDER_INSECURE: 'true',
    },
    host: '127.0.0.1',
    port,
    version: 'test',
    clock: createClock({ factor: 50 }),
    log: createLogger({ write: () => undefined }),
  });
}

it('V1, V16: a Provider that does not answer is not available, is asked until it does, and no VM of it is let go', async () => {
  const free = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => free.once('listening', resolve));
  const { port } = free.address() as AddressInfo;
  await new Promise((resolve) => free.close(resolve));
  const runtime = { service: { tls: { enabled: false } } };
  const spec = { type: 'proxmox', endpoint: `grpc://127.0.0.1:${port}`, runtime, healthCheck: { timeout: '1s' } };
  await flow.apply(manifest('Provider', 'silent', spec));
  const isDeaf = (seen: Seen): boolean => seen.condition('ProviderAvailable') === 'False NoAnswer';
  const mute = await flow.until('Provider', 'silent', isDeaf);
  expect(mute.condition('CapabilitiesReported')).toBe('False CapabilitiesUnavailable');
  const first = await launchAt(port);
  const isThere = (seen: Seen): boolean => seen.condition('ProviderAvailable') === 'True RemoteAvailable';
  const answering = await flow.until('Provider', 'silent', isThere);
  expect(answering.condition('CapabilitiesReported')).toBe('True CapabilitiesFetched');
  await flow.apply(vmManifest('its', { providerRef: { name: 'silent' }, powerState: 'Off' }));
  await flow.until('VirtualMachine', 'its', isReady);
  await first.close();
  await flow.delete('VirtualMachine', 'its');
  await flow.until('VirtualMachine', 'its', (seen) => seen.condition('Ready') === 'False ProviderUnavailable');
  await flow.until('Provider', 'silent', isDeaf);
  expect(await claimedVms(flow.world, 'its')).toHaveLength(1);
  const second = await launchAt(port);
  await flow.untilGone('VirtualMachine', 'its');
  expect(await claimedVms(flow.world, 'its')).toEqual([]);
  await flow.delete('Provider', 'silent');
  await flow.untilGone('Provider', 'silent');
  await second.close();
});
