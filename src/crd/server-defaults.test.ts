// Objects that come over from a cluster with VirtRigaud's own CRDs carry what its API server filled in where nobody said
// anything. That asks for nothing: such an object means what it meant when it was written.
import { expect, test } from 'vitest';
import { type Manifest, parseManifests } from './manifests.ts';
import { normaliseProvider } from './provider/normalise.ts';
import { normaliseVirtualMachine } from './virtual-machine/normalise.ts';
import { normaliseClass } from './vm-class/normalise.ts';
import { normaliseClone } from './vm-clone/normalise.ts';
import { normaliseImage } from './vm-image/normalise.ts';
import { normaliseNetworkAttachment } from './vm-network-attachment/normalise.ts';
import { normaliseSnapshot } from './vm-snapshot/normalise.ts';

type Spec = Readonly<Record<string, unknown>>;

function read(normalise: (manifest: Manifest) => unknown, kind: string, spec: Spec): unknown {
  const object = { apiVersion: 'infra.virtrigaud.io/v1beta1', kind, metadata: { name: 'x' }, spec };
  return parseManifests(JSON.stringify(object)).map(normalise);
}

const ROWS: readonly (readonly [
  kind: string,
  normalise: (manifest: Manifest) => unknown,
  written: Spec,
  filledIn: Spec,
])[] = [
  [
    'Provider',
    normaliseProvider,
    {
      type: 'proxmox',
      endpoint: 'https://pve:8006',
      healthCheck: {},
      rateLimit: {},
      connectionPooling: {},
      runtime: { image: 'x', service: { tls: { secretRef: { name: 't' } } } },
    },
    {
      type: 'proxmox',
      endpoint: 'https://pve:8006',
      insecureSkipVerify: false,
      healthCheck: { enabled: true, failureThreshold: 3, interval: '30s', successThreshold: 1, timeout: '10s' },
      rateLimit: { burst: 20, qps: 10 },
      connectionPooling: { connectionTimeout: '30s', idleTimeout: '5m', maxConnections: 10, maxIdleConnections: 5 },
      runtime: {
        image: 'x',
        imagePullPolicy: 'IfNotPresent',
        logFormat: 'text',
        logLevel: 'info',
        mode: 'Remote',
        replicas: 1,
        service: { port: 9443, tls: { enabled: true, insecureSkipVerify: false, secretRef: { name: 't' } } },
      },
    },
  ],
  [
    'VirtualMachine',
    normaliseVirtualMachine,
    { lifecycle: {}, networks: [{ name: 'lan' }] },
    { powerState: 'On', lifecycle: { gracefulShutdownTimeout: '60s' }, networks: [{ name: 'lan' }] },
  ],
  [
    'VMClass',
    normaliseClass,
    { cpu: 2, memory: '4Gi', guestToolsPolicy: 'install' },
    { cpu: 2, memory: '4Gi', guestToolsPolicy: 'install', firmware: 'BIOS' },
  ],
  [
    'VMImage',
    normaliseImage,
    { source: { http: { url: 'https://x/y.qcow2' }, proxmox: { storage: 's', format: 'qcow2' } }, prepare: {} },
    {
      source: {
        http: { url: 'https://x/y.qcow2', checksumType: 'sha256', timeout: '30m' },
        proxmox: { storage: 's', format: 'qcow2', fullClone: true },
      },
      prepare: {
        onMissing: 'Import',
        retries: 3,
        timeout: '30m',
        validateChecksum: true,
        optimization: { enableCompression: false, enableDeltaSync: false },
        storage: { compression: false },
      },
      metadata: { architecture: 'amd64' },
    },
  ],
  [
    'VMImage',
    normaliseImage,
    { source: { proxmox: { templateName: 't' } } },
    { source: { proxmox: { templateName: 't', format: 'qcow2', fullClone: true } } },
  ],
  [
    'VMNetworkAttachment',
    normaliseNetworkAttachment,
    { network: { proxmox: { bridge: 'vmbr0', model: 'virtio' } } },
    {
      network: {
        type: 'bridged',
        mtu: 1500,
        proxmox: { bridge: 'vmbr0', firewall: false, model: 'virtio' },
        vsphere: { adapterType: 'vmxnet3', trafficShaping: { enabled: false }, vlan: { type: 'none' } },
        libvirt: { model: 'virtio' },
      },
      ipAllocation: { type: 'DHCP' },
      security: { encryption: { enabled: false }, firewall: { defaultPolicy: 'ACCEPT', enabled: false } },
    },
  ],
  [
    'VMSnapshot',
    normaliseSnapshot,
    { vmRef: { name: 'a' } },
    {
      vmRef: { name: 'a' },
      metadata: { pinned: false },
      retentionPolicy: { deleteOnVMDelete: true, gracePeriod: '24h', preservePinned: true },
      schedule: {
        concurrencyPolicy: 'Forbid',
        enabled: false,
        failedJobsHistoryLimit: 1,
        successfulJobsHistoryLimit: 3,
        suspend: false,
        timezone: 'UTC',
      },
      snapshotConfig: {
        compression: false,
        consistencyLevel: 'FilesystemConsistent',
        encryption: { enabled: false },
        includeMemory: false,
        quiesce: true,
        type: 'Standard',
      },
    },
  ],
  [
    'VMClone',
    normaliseClone,
    { source: { vmRef: { name: 'a' } }, target: { name: 'b' }, options: { powerOn: false } },
    {
      source: { vmRef: { name: 'a' } },
      target: { name: 'b' },
      customization: { sysprep: { enabled: false } },
      options: {
        includeSnapshots: false,
        parallel: false,
        performance: { concurrentDisks: 2, ioThrottling: false, priority: 'Normal' },
        powerOn: false,
        retryPolicy: { backoffMultiplier: 2, maxRetries: 3, retryDelay: '5m' },
        storage: { enableCompression: false, preferThinProvisioning: true },
        timeout: '30m',
        type: 'FullClone',
      },
    },
  ],
];

test.each(ROWS)('a %s with what the server filled in means the same', (kind, normalise, written, filledIn) => {
  expect(read(normalise, kind, filledIn)).toEqual(read(normalise, kind, written));
});
