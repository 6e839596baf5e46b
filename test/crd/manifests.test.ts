// Every VirtRigaud object of the provider's documentation, as it stands there, and the domain value it means; and the
// shapes of VirtRigaud's own CRDs.
import { NO_PLACEMENT } from '#domain/vm-spec';
import { describe, expect, it } from 'vitest';
import { normaliseObject } from '../support/normalise-object.ts';
import { seedIsMissing, seedManifests, seedSkipNote } from '../support/seed-manifests.ts';
import { UPSTREAM_SHAPES, upstreamObject } from '../support/upstream-shapes.ts';

const here = (name: string): unknown => ({ name, namespace: 'default' });

const PROVIDER = {
  namespace: 'default',
  credentials: undefined,
  insecureSkipVerify: false,
  defaults: {},
  health: { enabled: true, intervalMs: 30_000, timeoutMs: 10_000, failures: 3, successes: 1 },
};
const RUNTIME = {
  replicas: 1,
  port: 9443,
  tls: { kind: 'issued', takesAny: false },
  env: [],
  logLevel: 'info',
  logFormat: 'text',
  pod: { imagePullPolicy: 'IfNotPresent' },
};
const CLASS = { firmware: 'bios', performance: {}, security: {}, limits: {}, extra: {} };
const VM = { powerState: 'On', tags: [], placement: NO_PLACEMENT, shutdownTimeoutMs: 60_000 };
const NIC = { addresses: [], gateways: [], dns: [] };
const RETENTION = { deleteWithVm: true, graceMs: 86_400_000, pinned: false };
const owner = (name: string): unknown => ({ name, namespace: 'default' });
const ip = (address: string): unknown => ({ family: 4, address, prefix: 24 });

const USER_DATA =
  '#cloud-config\nhostname: web-server\nusers:\n  - name: ubuntu\n    ssh_authorized_keys:\n' +
  '      - "ssh-ed25519 AAAA..."\npackages:\n  - nginx\n';

const EXPECTED: readonly (readonly [title: string, means: unknown])[] = [
  [
    'Provider/proxmox-prod',
    {
      ...PROVIDER,
      name: 'proxmox-prod',
      endpoint: 'https://pve.example.com:8006',
      credentials: here('pve-credentials'),
      runtime: { ...RUNTIME, image: 'virtrigaud/provider-proxmox:latest', port: 9090 },
    },
  ],
  // An excerpt: what it does not say is what the VM was made from.
  ['VirtualMachine/web-server', { ...VM, name: 'web-server', owner: owner('web-server'), vmClass: here('large') }],
  ['VMClass/large', { ...CLASS, cpus: 8, memoryMib: 16_384 }],
  [
    'VMSnapshot/before-upgrade',
    {
      vm: here('web-server'),
      nameHint: 'before-upgrade',
      description: 'Pre-maintenance snapshot',
      includeMemory: true,
      retention: RETENTION,
    },
  ],
  [
    'VirtualMachine/multi-nic-vm',
    {
      ...VM,
      name: 'multi-nic-vm',
      owner: owner('multi-nic-vm'),
      provider: here('proxmox-prod'),
      vmClass: here('medium'),
      image: { vmImage: here('ubuntu-22') },
      networks: [
        {
          nic: {
            name: 'lan',
            bridge: 'vmbr0',
            addresses: [ip('192.168.1.100')],
            gateways: ['192.168.1.1'],
            dns: ['8.8.8.8', '1.1.1.1'],
          },
        },
        { nic: { ...NIC, name: 'dmz', bridge: 'vmbr1', vlan: 100, addresses: [ip('10.0.100.50')] } },
        { nic: { ...NIC, name: 'mgmt', bridge: 'vmbr2', mac: '02:00:00:AA:BB:CC' } },
      ],
    },
  ],
  ['VMClass/small', { ...CLASS, cpus: 2, memoryMib: 4096, firmware: 'uefi', machine: 'q35' }],
  ['VMImage/ubuntu-22', { kind: 'there', source: { kind: 'template', ref: 'ubuntu-22-template' } }],
  [
    'VirtualMachine/web-server',
    {
      ...VM,
      name: 'web-server',
      owner: owner('web-server'),
      provider: here('proxmox-prod'),
      vmClass: here('small'),
      image: { vmImage: here('ubuntu-22') },
      networks: [{ nic: { ...NIC, name: 'lan' } }],
      disks: [{ name: 'root', sizeGib: 40 }],
      userData: { inline: USER_DATA },
    },
  ],
  [
    'VMClone/web-clone',
    {
      source: here('template-vm'),
      target: { name: 'web-clone', namespace: 'default', labels: {}, annotations: {} },
      linked: true,
      customization: { tags: [] },
    },
  ],
  [
    'VMSnapshot/before-upgrade',
    {
      vm: here('web-server'),
      nameHint: 'before-upgrade',
      description: 'Snapshot before system upgrade',
      includeMemory: false,
      retention: RETENTION,
    },
  ],
  ['VMClass/high-performance', { ...CLASS, cpus: 8, memoryMib: 32_768, storage: 'nvme-storage', diskType: 'thin' }],
  ['VMClass/standard', { ...CLASS, cpus: 4, memoryMib: 8192, storage: 'ssd-storage', diskType: 'thick' }],
  [
    'VMPlacementPolicy/production-placement',
    {
      nodes: ['pve-node-1', 'pve-node-2'],
      avoid: [{ terms: [{ key: 'vm.type', operator: 'In', values: ['database'] }], namespaces: [] }],
      maxVmsPerNode: 10,
      minFreeMemoryMib: 4096,
      priority: 0,
    },
  ],
  [
    'Provider/proxmox-cluster',
    {
      ...PROVIDER,
      name: 'proxmox-cluster',
      endpoint: 'https://pve-cluster.example.com:8006',
      runtime: { ...RUNTIME, env: [{ name: 'PVE_NODE_SELECTOR', value: 'pve-1,pve-2,pve-3' }] },
    },
  ],
];

describe.skipIf(seedIsMissing)(`the documentation${seedSkipNote}`, () => {
  const seed = seedManifests();

  it('has these objects', () => {
    expect(seed.map(({ kind, name }) => `${kind}/${name}`)).toEqual(EXPECTED.map(([title]) => title));
  });

  // Reading a spec refuses unknown fields, so that none is lost either.
  it.each(seed.map((manifest, index) => ({ ...manifest, means: EXPECTED[index]?.[1] })))(
    'means what it says: $title',
    ({ text, means }) => {
      expect(normaliseObject(text)).toEqual(means);
    },
  );
});

describe("upstream's shape", () => {
  it.each(UPSTREAM_SHAPES)('of a $kind means the same', ({ kind, spec, means }) => {
    const owner = kind === 'VirtualMachine' ? { owner: here('shape') } : {};
    expect(normaliseObject(upstreamObject({ kind, spec }))).toEqual({ ...(means as object), ...owner });
  });
});
