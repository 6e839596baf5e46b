// What the other kinds tell of their VirtualMachines, and images that are deleted.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ManagerFlow, startManagerFlow } from '../support/manager-flow.ts';
import { until } from '../support/until.ts';
import { BASICS, isReady, manifest, vmManifest, vmOf } from '../support/vm-manifests.ts';
import { addImages, RAW_SHA256, WEB } from '../support/web-images.ts';

let flow: ManagerFlow;
beforeAll(async () => {
  flow = await startManagerFlow({ simulator: { timeScale: 100, latency: false } });
  addImages(flow.sim);
  await flow.applyCredentials();
  await flow.apply(BASICS);
});
afterAll(async () => await flow.stop());

it('V11: classes, networks and policies tell who uses them, and what is wrong with them', async () => {
  const policy = { nodeSelector: ['pve1', 'pve2', 'pve3'], constraints: { maxVMsPerNode: 10, minFreeMemory: '4Gi' } };
  await flow.apply(
    manifest('VMNetworkAttachment', 'lan', { network: { proxmox: { bridge: 'vmbr0' } } }) +
      manifest('VMNetworkAttachment', 'nat', { network: { type: 'nat' } }) +
      manifest('VMClass', 'wrong', { cpus: 2, cpu: 4, memory: '2Gi' }) +
      manifest('VMPlacementPolicy', 'spread', policy) +
      vmManifest('one', { networks: [{ name: 'lan', networkRef: { name: 'lan' } }] }) +
      vmManifest('two', { powerState: 'Off', placementRef: { name: 'spread' } }),
  );
  const wrong = await flow.until('VMClass', 'wrong', (seen) => seen.condition('Ready') === 'False InvalidSpec');
  expect(wrong.message('Ready')).toMatch(/^VMClass wrong: spec/);
  // An Event may come a moment after its status.
  const events = await until(
    async () => await flow.events('VMClass', 'wrong'),
    (told) => told.length > 0,
  );
  expect(events).toEqual([`Warning InvalidSpec ${wrong.message('Ready')}`]);
  const nat = await flow.until('VMNetworkAttachment', 'nat', (seen) => seen.condition('Ready') === 'False Unsupported');
  expect(nat.status).toMatchObject({ ready: false, phase: 'Failed', connectedVMs: 0 });
  await flow.until('VMNetworkAttachment', 'lan', (seen) => seen.status['connectedVMs'] === 1 && isReady(seen));
  await flow.until('VMClass', 'small', (seen) => seen.status['usedByVMs'] === 2 && isReady(seen));
  // The only one of a namespace is its default.
  const users = [{ name: 'one' }, { name: 'two' }];
  const spread = await flow.until(
    'VMPlacementPolicy',
    'spread',
    ({ status }) => JSON.stringify(status['usedByVMs']) === JSON.stringify(users),
  );
  expect(spread.message('Honoured')).toBe(
    'VMPlacementPolicy spread: constraints.maxVMsPerNode, constraints.minFreeMemory cannot be followed yet; all else is.',
  );
  await flow.until('VirtualMachine', 'one', isReady);
  await flow.until('VirtualMachine', 'two', isReady);
  await flow.apply(
    vmManifest('two', { powerState: 'Off', placementRef: { name: 'spread' }, classRef: { name: 'large' } }),
  );
  await flow.until('VMClass', 'large', (seen) => seen.status['usedByVMs'] === 1);
  await flow.until('VMClass', 'small', (seen) => seen.status['usedByVMs'] === 1);
  const known = await flow.object('VMClass', 'small');
  await flow.delete('VirtualMachine', 'two');
  await flow.until('VMClass', 'large', (seen) => seen.status['usedByVMs'] === 0);
  expect(await flow.object('VMClass', 'small')).toEqual(known);
});

it('an image is kept for its VirtualMachines and for linked clones, and then its template goes with it', async () => {
  const source = {
    http: { url: `${WEB}/disk.img`, checksum: RAW_SHA256 },
    proxmox: { storage: 'shared', cloneMode: 'linked' },
  };
  await flow.apply(
    manifest('VMImage', 'fetched', { source }) + vmManifest('of-web', { imageRef: { name: 'fetched' } }),
  );
  await flow.until('VirtualMachine', 'of-web', isReady);
  const image = await flow.until('VMImage', 'fetched', isReady);
  const [template] = image.status['templates'] as { id: string; provider: string }[];
  const made = { provider: 'default/prod', id: expect.stringMatching(/^\d+$/) };
  expect(image.status['templates']).toEqual([{ ...made, endpoint: 'https://pve.example.com:8006' }]);

  await flow.delete('VMImage', 'fetched');
  const kept = await flow.until('VMImage', 'fetched', (seen) => seen.condition('Ready') === 'False InUse');
  expect(kept.message('Ready')).toBe('It is kept for VirtualMachine default/of-web.');
  await until(
    async () => await flow.events('VMImage', 'fetched'),
    (lines) => lines.includes(`Normal InUse ${kept.message('Ready')}`),
  );

  // Its manifest names another one now: the provider knows what grows from the template all the same.
  const { vmid } = await vmOf(flow, 'of-web');
  await flow.apply(vmManifest('of-web', { imageRef: { name: 'ubuntu' } }));
  const refused = await flow.until('VMImage', 'fetched', (seen) => seen.condition('Ready').startsWith('False NotPoss'));
  expect(refused.message('Ready')).toContain(`linked clones grow from its disks: VM ${vmid}.`);
  await flow.delete('VirtualMachine', 'of-web');
  await flow.untilGone('VMImage', 'fetched');
  expect(await flow.events('VMImage', 'fetched')).toContain(
    `Normal Deleted The template ${template?.id} on Provider default/prod is gone.`,
  );
  expect((await flow.world.vms()).map((vm) => String(vm.vmid))).not.toContain(template?.id);
});

it('a template that an image merely names is never touched', async () => {
  const before = await flow.world.vms();
  await flow.delete('VMImage', 'ubuntu');
  await flow.untilGone('VMImage', 'ubuntu');
  const named = (vms: typeof before) => vms.filter(({ template }) => template).map(({ vmid }) => vmid);
  expect(named(await flow.world.vms())).toEqual(named(before));
});

const IDLE: readonly (readonly [kind: string, spec: object, field: string])[] = [
  ['Provider', { type: 'proxmox', endpoint: 'https://pve.example.com:8006', rateLimit: { qps: 20 } }, 'spec.rateLimit'],
  ['VMClass', { cpus: 2, memory: '2Gi', diskDefaults: { iops: 500 } }, 'spec.diskDefaults.iops'],
  [
    'VirtualMachine',
    { classRef: { name: 'idle' }, disks: [{ name: 'a', expandPolicy: 'Online' }] },
    'spec.disks[0].expandPolicy',
  ],
  ['VMSnapshot', { vmRef: { name: 'nobody' }, snapshotConfig: { quiesce: true } }, 'spec.snapshotConfig.quiesce'],
  ['VMClone', { sourceVMRef: { name: 'nobody' }, options: { parallel: true } }, 'spec.options.parallel'],
  ['VMPlacementPolicy', { nodeSelector: ['pve1'], weight: 5 }, 'spec.weight'],
];

it('fields that nothing comes of are told once for each manifest, whatever else is the matter', async () => {
  await flow.apply(IDLE.map(([kind, spec]) => manifest(kind, 'idle', spec)).join(''));
  const TYPE = 'FieldsOfNoEffect';
  const told = async (kind: string): Promise<readonly string[]> =>
    (await flow.events(kind, 'idle')).filter((line) => line.includes(TYPE));
  for (const [kind, , field] of IDLE) {
    const seen = await flow.until(kind, 'idle', (one) => one.condition(TYPE) === 'True Ignored');
    expect(seen.message(TYPE)).toMatch(`${field}: of no effect`);
    await until(
      async () => await told(kind),
      (lines) => lines.length > 0,
    );
  }
  expect((await flow.object('VMClass', 'idle'))?.['status']).toMatchObject({ usedByVMs: 1 });
  await flow.restartManager();
  await flow.apply(manifest('VMClass', 'idle', { cpus: 4, memory: '2Gi', diskDefaults: { iops: 500 } }));
  await flow.until('VMClass', 'idle', ({ status }) => status['observedGeneration'] === 2);
  await flow.apply(manifest('VMPlacementPolicy', 'idle', { nodeSelector: ['pve1'] }));
  await flow.until('VMPlacementPolicy', 'idle', (one) => isReady(one) && one.condition(TYPE) === '');
  for (const [kind] of IDLE) expect(await told(kind), kind).toHaveLength(1);
  // A manager that has just begun knows of no Provider yet where it is: nobody is told that it is lost.
  await flow.apply(vmManifest('one', { powerState: 'Off' }));
  await flow.until('VirtualMachine', 'one', ({ status }) => status['powerState'] === 'Off');
  expect((await flow.events('VirtualMachine', 'one')).filter((line) => line.includes('ProviderNotReady'))).toEqual([]);
});
