// What a VirtualMachine goes through: power, changes, refusals, other objects coming and going, and its end.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lastRequest, writesSince } from '../support/journal.ts';
import { type ManagerFlow, type Seen, startManagerFlow } from '../support/manager-flow.ts';
import { BASICS, isReady, manifest, vmManifest, vmOf } from '../support/vm-manifests.ts';
import { addImages, RAW_SHA256, WEB } from '../support/web-images.ts';
import { claimedVms, strayVolumes } from '../support/world.ts';

let flow: ManagerFlow;
beforeAll(async () => {
  flow = await startManagerFlow({ simulator: { timeScale: 100, latency: false } });
  addImages(flow.sim);
  await flow.applyCredentials();
  await flow.apply(BASICS);
});
afterAll(async () => await flow.stop());

async function made(name: string, spec: Readonly<Record<string, unknown>> = {}): Promise<Seen> {
  await flow.apply(vmManifest(name, spec));
  return await flow.until('VirtualMachine', name, isReady);
}

const guestOf = (id: unknown) => {
  const guest = flow.sim.world.guests[Number(id)];
  if (guest === undefined) throw new Error(`there is no guest ${String(id)}`);
  return guest;
};

/** PVE answers nobody until the result is called. */
function refuseAll(): () => void {
  flow.sim.faults.add([{ path: '.*', action: { dropBefore: true } }]);
  return () => flow.sim.faults.clear();
}

function hasIps({ status }: Seen): boolean {
  return ((status['ips'] ?? []) as readonly string[]).length > 0;
}

function resourcesOf({ status }: Seen): { readonly cpu?: number; readonly memoryMiB?: number } {
  return status['currentResources'] ?? {};
}

it('V4, V8: an object of which nothing changes is looked at, and not written', async () => {
  await made('steady');
  await flow.until('VirtualMachine', 'steady', hasIps);
  const described = (): number =>
    flow.log.filter((line) => line.includes('method=Describe') || line.includes('Describe')).length;
  const before = described();
  const known = await flow.object('VirtualMachine', 'steady');
  await flow.until('VirtualMachine', 'steady', () => described() > before + 5);
  const after = await flow.object('VirtualMachine', 'steady');
  expect(after).toEqual(known);
});

describe('power', () => {
  it('V3: a guest that was shut down stays down, and is not shut down again', async () => {
    await made('graceful');
    await flow.apply(vmManifest('graceful', { powerState: 'OffGraceful' }));
    const off = await flow.until('VirtualMachine', 'graceful', (seen) => seen.status['phase'] === 'Stopped');
    expect(off.status).toMatchObject({ powerState: 'Off', message: expect.stringMatching(/^VM \d+ is off on pve\d/) });
    const since = lastRequest(flow.sim);
    await flow.apply(vmManifest('graceful', { powerState: 'OffGraceful', tags: ['again'] }));
    const tags = (): string => guestOf(off.status['id']).config['tags'] ?? '';
    await flow.until('VirtualMachine', 'graceful', (seen) => isReady(seen) && tags().includes('again'));
    expect(writesSince(flow.sim, since).filter((write) => write.includes('/status/'))).toEqual([]);
  });

  it('V11: each state has its phase, and the power state that was last asked for is kept where none is asked for', async () => {
    await flow.apply(vmManifest('graceful', {}));
    const off = await flow.until('VirtualMachine', 'graceful', isReady);
    expect(off.status).toMatchObject({ phase: 'Stopped', powerState: 'Off' });
    await flow.apply(vmManifest('graceful', { powerState: 'On' }));
    await flow.until('VirtualMachine', 'graceful', (seen) => seen.status['phase'] === 'Running' && isReady(seen));
    expect((await vmOf(flow, 'graceful')).running).toBe(true);
  });

  it('a new value of the annotation restarts it once', async () => {
    const { status } = await made('restarted');
    const start = guestOf(status['id']).run;
    const annotate = async (value: string): Promise<void> => {
      await flow.apply(vmManifest('restarted', {}, { annotations: { 'virtrigaud.io/restart-requested-at': value } }));
      await flow.until(
        'VirtualMachine',
        'restarted',
        (seen) => (seen.status['restart'] as { handled?: string } | undefined)?.handled === value && isReady(seen),
      );
    };
    const since = lastRequest(flow.sim);
    await annotate('now');
    expect(guestOf(status['id']).run).not.toBe(start);
    await annotate('now');
    const reboots = (): number => writesSince(flow.sim, since).filter((write) => write.endsWith('/reboot')).length;
    expect(reboots()).toBe(1);
    await annotate('and again');
    expect(reboots()).toBe(2);
  });
});

describe('a guest that does not shut down', () => {
  const lifecycle = { gracefulShutdownTimeout: '5s' };

  it('is told of, asked again later and later, and goes off when that is asked for', async () => {
    const { status } = await made('stubborn', { lifecycle });
    guestOf(status['id']).behaviour.shutdown = 'never';
    const since = lastRequest(flow.sim);
    await flow.apply(vmManifest('stubborn', { lifecycle, powerState: 'OffGraceful' }));
    const seen = await flow.until(
      'VirtualMachine',
      'stubborn',
      (one) => one.condition('Ready') === 'False NotPossibleNow',
    );
    expect(seen.message('Ready')).toMatch(/shut down/);
    expect(seen.status).toMatchObject({ powerState: 'On' });
    const shutdowns = (): number => writesSince(flow.sim, since).filter((write) => write.endsWith('/shutdown')).length;
    // The provider says no to what comes too soon, without asking PVE.
    await flow.until('VirtualMachine', 'stubborn', (one) => one.message('Ready') !== seen.message('Ready'));
    expect(shutdowns()).toBe(1);
    await flow.apply(vmManifest('stubborn', { lifecycle, powerState: 'Off' }));
    await flow.until('VirtualMachine', 'stubborn', (one) => one.condition('Ready') === 'True Stopped');
  });

  it('is not restarted, which is told once', async () => {
    const { status } = await made('unwilling', { lifecycle });
    guestOf(status['id']).behaviour.shutdown = 'never';
    await flow.apply(
      vmManifest('unwilling', { lifecycle }, { annotations: { 'virtrigaud.io/restart-requested-at': 'once' } }),
    );
    const seen = await flow.until(
      'VirtualMachine',
      'unwilling',
      (one) => (one.status['restart'] as { handled?: string } | undefined)?.handled === 'once' && isReady(one),
    );
    expect(seen.status['powerState']).toBe('On');
    const events = await flow.events('VirtualMachine', 'unwilling');
    expect(events.filter((event) => event.startsWith('Warning FailedRestart'))).toHaveLength(1);
  });
});

describe('a change', () => {
  it('V5, V7, V14: of its own resources, of its class, of disks, networks and tags is made where it is', async () => {
    const { status } = await made('changed', { disks: [{ name: 'root', size: '10Gi' }] });
    await flow.apply(
      vmManifest('changed', {
        resources: { cpu: 3 },
        tags: ['Blue'],
        disks: [
          { name: 'root', size: '20Gi' },
          { name: 'data', size: '5Gi' },
        ],
        networks: [{ name: 'lan' }, { name: 'dmz', vlan: 7 }],
      }),
    );
    await flow.until('VirtualMachine', 'changed', (seen) => isReady(seen) && resourcesOf(seen).cpu === 3);
    const vm = await vmOf(flow, 'changed');
    expect(String(vm.vmid)).toBe(status['id']);
    expect(vm.config).toMatchObject({
      vcpus: '3',
      tags: expect.stringContaining('blue'),
      scsi0: expect.stringContaining('size=20G'),
      net1: expect.stringMatching(/bridge=vmbr1,tag=7/),
    });
    expect(Object.values(vm.config).some((value) => value.includes('size=5G'))).toBe(true);
    await flow.apply(manifest('VMClass', 'growing', { cpus: 1, memory: '2Gi' }));
    await flow.apply(vmManifest('changed', { classRef: { name: 'growing' } }));
    await flow.until('VirtualMachine', 'changed', (seen) => isReady(seen) && resourcesOf(seen).cpu === 1);
    await flow.apply(manifest('VMClass', 'growing', { cpus: 4, memory: '2Gi' }));
    await flow.until('VirtualMachine', 'changed', (seen) => isReady(seen) && resourcesOf(seen).cpu === 4);
  });

  it('that is refused is a condition with the reason, is not sent again and again, and the VM is looked after', async () => {
    await made('refused', { disks: [{ name: 'root', size: '20Gi' }] });
    const since = lastRequest(flow.sim);
    await flow.apply(vmManifest('refused', { disks: [{ name: 'root', size: '10Gi' }], powerState: 'Off' }));
    const seen = await flow.until(
      'VirtualMachine',
      'refused',
      (one) => isReady(one) && one.condition('UpToDate').startsWith('False') && one.status['phase'] === 'Stopped',
    );
    expect(seen.message('UpToDate')).toMatch(/size|smaller|shrink/);
    expect(seen.status['message']).toContain(seen.message('UpToDate'));
    expect(seen.status['reconfigureAttempt']).toMatchObject({ failures: expect.any(Number) });
    expect(writesSince(flow.sim, since).filter((write) => write.includes('/resize'))).toEqual([]);
    const begun = Date.now();
    const failuresOf = ({ status }: Seen): number => (status['reconfigureAttempt'] as { failures: number }).failures;
    await flow.until('VirtualMachine', 'refused', (one) => failuresOf(one) >= 4);
    // The third and fourth time are 10 and 20 s later, of which a fifth may be less.
    expect((Date.now() - begun) * 100).toBeGreaterThan(14_000);
    await flow.apply(vmManifest('refused', { disks: [{ name: 'root', size: '21Gi' }] }));
    await flow.until('VirtualMachine', 'refused', (one) => one.condition('UpToDate') === 'True Applied');
    expect((await vmOf(flow, 'refused')).config['scsi0']).toContain('size=21G');
  });

  it('of what only a new VM is made of is told, and nothing comes of it', async () => {
    await made('kept', { userData: { cloudInit: { inline: '#cloud-config\nhostname: a\n' } } });
    const { vmid } = await vmOf(flow, 'kept');
    await flow.apply(manifest('VMImage', 'other', { source: 'no-such-template' }));
    await flow.apply(
      vmManifest('kept', {
        imageRef: { name: 'other' },
        userData: { cloudInit: { inline: '#cloud-config\nhostname: b\n' } },
      }),
    );
    const seen = await flow.until(
      'VirtualMachine',
      'kept',
      (one) => one.condition('UserDataApplied') !== '' && isReady(one),
    );
    expect(seen.condition('ImageApplied')).toBe('False MadeFromAnother');
    expect(seen.message('UserDataApplied')).toMatch(/first boot/);
    expect((await vmOf(flow, 'kept')).vmid).toBe(vmid);
    await flow.apply(manifest('Provider', 'second', { type: 'proxmox', endpoint: 'https://pve.example.com:8006' }));
    await flow.apply(vmManifest('kept', { providerRef: { name: 'second' } }));
    await flow.until('VirtualMachine', 'kept', (one) => one.condition('Ready') === 'False ProviderChanged');
    expect((await claimedVms(flow.world, 'kept')).length).toBe(1);
  });
});

describe('what it refers to', () => {
  it('V6: a network, a Secret and a policy: looked for, told of, and obeyed', async () => {
    await flow.apply(
      vmManifest('referring', {
        networks: [{ name: 'lan', networkRef: { name: 'office' }, mac: '02:00:00:00:00:07' }],
        userData: { cloudInit: { secretRef: { name: 'documents' } } },
        placementRef: { name: 'there' },
        placement: { datastore: 'shared' },
      }),
    );
    const network = {
      network: { type: 'bridged', proxmox: { bridge: 'vmbr1', vlanTag: 42, model: 'virtio', firewall: true } },
    };
    for (const [type, text] of [
      ['NetworksFound', manifest('VMNetworkAttachment', 'office', network)],
      ['SecretsFound', SECRET],
      ['PolicyFound', manifest('VMPlacementPolicy', 'there', POLICY)],
    ] as const) {
      await flow.until('VirtualMachine', 'referring', (seen) => seen.condition(type).startsWith('False'));
      await flow.apply(text);
      await flow.until('VirtualMachine', 'referring', (seen) => seen.condition(type) === 'True Found');
    }
    const seen = await flow.until('VirtualMachine', 'referring', isReady);
    expect(seen.condition('PolicyHonoured')).toBe('False PartlySupported');
    expect(seen.message('PolicyHonoured')).toBe(
      'VMPlacementPolicy there: antiAffinity, constraints.maxVMsPerNode cannot be followed yet; all else is.',
    );
    const vm = await vmOf(flow, 'referring');
    expect(vm.node).toBe('pve2');
    expect(vm.config['net0']).toMatch(/02:00:00:00:00:07.*bridge=vmbr1.*firewall=1.*tag=42/);
    // From now on it is the only one, and so the default of its namespace.
    await flow.delete('VMPlacementPolicy', 'there');
  });

  it('V10: an image in the web is imported once, at each Provider for itself, and told while it takes', async () => {
    const source = { http: { url: `${WEB}/disk.img`, checksum: RAW_SHA256 }, proxmox: { storage: 'local-lvm' } };
    await flow.apply(manifest('VMImage', 'fetched', { source }));
    await flow.apply(
      vmManifest('of-web-1', { imageRef: { name: 'fetched' } }) +
        vmManifest('of-web-2', { imageRef: { name: 'fetched' } }),
    );
    await flow.until('VirtualMachine', 'of-web-1', (seen) => seen.condition('ImageReady') === 'False ImportingImage');
    await flow.until('VirtualMachine', 'of-web-1', isReady);
    await flow.until('VirtualMachine', 'of-web-2', isReady);
    const image = await flow.until('VMImage', 'fetched', isReady);
    const templates = (await flow.world.vms()).filter(
      ({ template, config }) => template && config['name'] === 'fetched',
    );
    expect(image.status).toMatchObject({
      ready: true,
      availableOn: ['default/prod'],
      providerStatus: { 'default/prod': { available: true, id: String(templates[0]?.vmid) } },
    });
    expect(templates).toHaveLength(1);
  });

  it('an image that cannot be fetched is told of at the VM too', async () => {
    await flow.apply(manifest('VMImage', 'broken', { source: { http: { url: 'https://images.example/none.qcow2' } } }));
    await flow.apply(vmManifest('of-broken', { imageRef: { name: 'broken' } }));
    const image = await flow.until('VMImage', 'broken', (seen) => seen.condition('Ready') === 'False FailedImport');
    const vm = await flow.until(
      'VirtualMachine',
      'of-broken',
      (seen) => seen.message('ImageReady') === image.message('Ready'),
    );
    expect(vm.condition('Ready')).toBe('False ImportingImage');
    await flow.delete('VirtualMachine', 'of-broken');
    await flow.untilGone('VirtualMachine', 'of-broken');
  });
});

it('what was asked for at the wrong Provider is asked for at the right one', async () => {
  const spec = {
    type: 'proxmox',
    endpoint: 'https://pve.example.com:8006',
    credentialSecretRef: { name: 'pve-credentials' },
  };
  await flow.apply(manifest('Provider', 'wrong', spec));
  await flow.apply(manifest('VMImage', 'not-there', { source: 'not-there' }));
  const refs = { providerRef: { name: 'wrong' }, imageRef: { name: 'not-there' } };
  await flow.apply(vmManifest('astray', refs));
  const failed = await flow.until('VirtualMachine', 'astray', (seen) => seen.status['phase'] === 'Failed');
  expect(failed.message('Ready')).toContain('not-there');
  await flow.apply(vmManifest('astray'));
  const ready = await flow.until('VirtualMachine', 'astray', isReady);
  expect(ready.status['bound']).toMatchObject({ providerRef: { name: 'prod', namespace: 'default' } });
  expect((await vmOf(flow, 'astray')).config['description']).toContain('"i":"default/prod"');
});

describe('a VM that is gone from PVE', () => {
  it('is made again, and says so', async () => {
    const { status } = await made('lost', { networks: [{ name: 'dmz' }] });
    await flow.apply(vmManifest('lost', {}));
    delete flow.sim.world.guests[Number(status['id'])];
    await flow.until(
      'VirtualMachine',
      'lost',
      (seen) => seen.condition('Ready') === 'False Gone' || seen.status['id'] !== status['id'],
    );
    const again = await flow.until(
      'VirtualMachine',
      'lost',
      (seen) => isReady(seen) && seen.status['powerState'] === 'On',
    );
    const vm = await vmOf(flow, 'lost');
    expect(again.status['id']).toBe(String(vm.vmid));
    // What a later manifest has left out is what it was made with.
    expect(vm.config['net0']).toContain('bridge=vmbr1');
  });
});

describe('V1: deletion', () => {
  it('takes VM and volumes with it', async () => {
    const before = strayVolumes(flow.sim);
    await made('deleted', { userData: { cloudInit: { inline: '#!/bin/sh\n' } } });
    await flow.delete('VirtualMachine', 'deleted');
    await flow.untilGone('VirtualMachine', 'deleted');
    expect(await claimedVms(flow.world, 'deleted')).toEqual([]);
    expect(strayVolumes(flow.sim)).toEqual(before);
  });

  it('of one that was never asked for needs nobody', async () => {
    await flow.apply(vmManifest('never', { classRef: { name: 'nowhere' }, providerRef: { name: 'nobody' } }));
    await flow.until('VirtualMachine', 'never', (seen) => seen.condition('Ready') === 'False ClassNotFound');
    await flow.delete('VirtualMachine', 'never');
    await flow.untilGone('VirtualMachine', 'never');
  });

  it('waits for a PVE that does not answer, and says so', async () => {
    await made('waiting');
    const { vmid } = await vmOf(flow, 'waiting');
    const stop = refuseAll();
    await flow.delete('VirtualMachine', 'waiting');
    const seen = await flow.until('VirtualMachine', 'waiting', (one) => one.status['phase'] === 'Deleting');
    expect(seen.condition('Ready')).toMatch(/^False/);
    stop();
    await flow.untilGone('VirtualMachine', 'waiting');
    expect(flow.sim.world.guests[vmid]).toBeUndefined();
  });

  it('waits while PVE refuses the credentials', async () => {
    await made('revoked');
    const { vmid } = await vmOf(flow, 'revoked');
    await flow.applyCredentials('pve-credentials', { token_id: flow.sim.token.id, token_secret: 'revoked' });
    await flow.until('Provider', 'prod', (seen) => seen.condition('Ready').startsWith('False'));
    await flow.delete('VirtualMachine', 'revoked');
    const seen = await flow.until('VirtualMachine', 'revoked', (one) => one.status['phase'] === 'Deleting');
    expect(seen.condition('Ready')).toMatch(/^False/);
    expect(flow.sim.world.guests[vmid]).toBeDefined();
    await flow.applyCredentials();
    await flow.untilGone('VirtualMachine', 'revoked');
    expect(flow.sim.world.guests[vmid]).toBeUndefined();
  });

  it('waits for a Provider that is gone, until a person lets go', async () => {
    await made('stranded');
    const { vmid } = await vmOf(flow, 'stranded');
    const finalizers = { metadata: { finalizers: null } };
    await flow.delete('Provider', 'prod');
    await flow.api.patch(PROVIDER, { name: 'prod', namespace: 'default' }, finalizers);
    // The manager knows too.
    await flow.until('VirtualMachine', 'stranded', (one) => one.condition('Ready') === 'False ProviderNotFound');
    await flow.delete('VirtualMachine', 'stranded');
    const seen = await flow.until(
      'VirtualMachine',
      'stranded',
      (one) => one.condition('Ready') === 'False ProviderNotFound' && one.status['phase'] === 'Deleting',
    );
    expect(seen.message('Ready')).toMatch(/Create it again, or set the annotation virtrigaud.io\/force-delete: "true"/);
    await flow.api.patch(VIRTUAL_MACHINE, { name: 'stranded', namespace: 'default' }, FORCED);
    await flow.untilGone('VirtualMachine', 'stranded');
    expect(flow.sim.world.guests[vmid]).toBeDefined();
  });
});

const PROVIDER = { group: 'infra.virtrigaud.io', version: 'v1beta1', plural: 'providers', kind: 'Provider' };
const VIRTUAL_MACHINE = { ...PROVIDER, plural: 'virtualmachines', kind: 'VirtualMachine' };
const FORCED = { metadata: { annotations: { 'virtrigaud.io/force-delete': 'true' } } };
const SECRET = `apiVersion: v1\nkind: Secret\nmetadata:\n  name: documents\ndata:\n  userdata: ${btoa('#!/bin/sh\n')}\n`;
const POLICY = {
  nodeSelector: ['pve2'],
  antiAffinity: [{ key: 'vm.type', operator: 'In', values: ['database'] }],
  constraints: { maxVMsPerNode: 10 },
};
