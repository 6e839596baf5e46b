// Objects in the shapes of VirtRigaud's own CRDs, as its examples for Proxmox VE have them, and what they mean.
import { NO_PLACEMENT } from '#domain/vm-spec';

export interface UpstreamShape {
  readonly kind: string;
  readonly spec: unknown;
  readonly means: unknown;
}

const here = (name: string): unknown => ({ name, namespace: 'default' });
const ip = (address: string): unknown => ({ family: 4, address, prefix: 24 });
const VM = { powerState: 'On', tags: [], placement: NO_PLACEMENT, shutdownTimeoutMs: 60_000 };

/** Every object is called `shape`. */
export const UPSTREAM_SHAPES: readonly UpstreamShape[] = [
  {
    kind: 'Provider',
    spec: {
      type: 'proxmox',
      endpoint: 'https://pve.example.com:8006',
      credentialSecretRef: { name: 'pve-credentials' },
      insecureSkipVerify: true,
      defaults: { datastore: 'local-lvm', resourcePool: 'prod' },
      healthCheck: { interval: '1m', failureThreshold: 5 },
      rateLimit: { qps: 20 },
      connectionPooling: { maxConnections: 20 },
      runtime: {
        mode: 'Remote',
        image: 'ghcr.io/projectbeskar/virtrigaud/provider-proxmox:v0.3.7',
        imagePullPolicy: 'Always',
        imagePullSecrets: [{ name: 'registry' }],
        replicas: 2,
        service: { port: 9090, tls: { enabled: true, secretRef: { name: 'provider-tls' } } },
        logLevel: 'debug',
        env: [
          { name: 'PVE_POOL', value: 'prod' },
          { name: 'PVE_TOKEN_ID', valueFrom: { secretKeyRef: { name: 'pve', key: 'id', optional: true } } },
          { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
        ],
        resources: { requests: { cpu: '100m', memory: '256Mi' }, limits: { cpu: 1 } },
        nodeSelector: { zone: 'a' },
        tolerations: [{ key: 'infra', operator: 'Exists', effect: 'NoSchedule' }],
        affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } } },
        securityContext: { runAsNonRoot: true },
        livenessProbe: { httpGet: { path: '/healthz', port: 8080 } },
      },
    },
    means: {
      name: 'shape',
      namespace: 'default',
      endpoint: 'https://pve.example.com:8006',
      credentials: here('pve-credentials'),
      insecureSkipVerify: true,
      defaults: { storage: 'local-lvm', pool: 'prod' },
      health: { isLookedAt: true, everyMs: 60_000, patienceMs: 10_000, failures: 5, successes: 1 },
      runtime: {
        image: 'ghcr.io/projectbeskar/virtrigaud/provider-proxmox:v0.3.7',
        replicas: 2,
        port: 9090,
        tls: { kind: 'secret', secret: here('provider-tls'), takesAny: false },
        logLevel: 'debug',
        logFormat: 'text',
        env: [
          { name: 'PVE_POOL', value: 'prod' },
          { name: 'PVE_TOKEN_ID', from: { kind: 'secret', object: here('pve'), key: 'id' }, optional: true },
          { name: 'NODE', from: { kind: 'field', path: 'spec.nodeName' }, optional: false },
        ],
        pod: {
          imagePullPolicy: 'Always',
          imagePullSecrets: [{ name: 'registry' }],
          resources: { requests: { cpu: '100m', memory: '256Mi' }, limits: { cpu: 1 } },
          nodeSelector: { zone: 'a' },
          tolerations: [{ key: 'infra', operator: 'Exists', effect: 'NoSchedule' }],
          affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } } },
          securityContext: { runAsNonRoot: true },
          livenessProbe: { httpGet: { path: '/healthz', port: 8080 } },
        },
      },
    },
  },
  {
    kind: 'VirtualMachine',
    spec: {
      providerRef: { name: 'pve', namespace: 'infra' },
      classRef: { name: 'small' },
      imageRef: { name: 'ubuntu' },
      powerState: 'Off',
      networks: [
        { name: 'lan', networkRef: { name: 'lan-net' } },
        { name: 'dmz', ipAddress: '10.0.0.5', prefix: 24, gateway: '10.0.0.1', dns: '8.8.8.8,1.1.1.1' },
      ],
      disks: [
        { name: 'root', sizeGiB: 40, type: 'thin', expandPolicy: 'Offline', scsi: { controllerType: 'pvscsi' } },
        { name: 'data', sizeGiB: 100, storageClass: 'ceph' },
      ],
      resources: { cpu: 4, memoryMiB: 8192 },
      userData: { cloudInit: { secretRef: { name: 'web-user-data' } } },
      metaData: { cloudInit: { inline: 'role: web\n' } },
      placement: { host: 'pve2', datastore: 'vms', resourcePool: 'prod' },
      placementRef: { name: 'spread' },
      tags: ['Web'],
      lifecycle: { gracefulShutdownTimeout: '2m' },
    },
    means: {
      ...VM,
      name: 'shape',
      powerState: 'Off',
      provider: { name: 'pve', namespace: 'infra' },
      vmClass: here('small'),
      image: { vmImage: here('ubuntu') },
      cpus: 4,
      memoryMib: 8192,
      networks: [
        { nic: { name: 'lan', addresses: [], gateways: [], dns: [] }, attachment: here('lan-net') },
        {
          nic: { name: 'dmz', addresses: [ip('10.0.0.5')], gateways: ['10.0.0.1'], dns: ['8.8.8.8', '1.1.1.1'] },
        },
      ],
      disks: [
        { name: 'root', sizeGib: 40, type: 'thin' },
        { name: 'data', sizeGib: 100, storage: 'ceph' },
      ],
      userData: {
        secret: { secret: here('web-user-data'), keys: ['userdata', 'user-data', 'cloud-init', 'cloud-config'] },
      },
      metaData: { inline: 'role: web\n' },
      placement: { ...NO_PLACEMENT, node: 'pve2', storage: 'vms', pool: 'prod' },
      policy: here('spread'),
      tags: ['web'],
      shutdownTimeoutMs: 120_000,
    },
  },
  {
    kind: 'VirtualMachine',
    spec: {
      providerRef: { name: 'pve' },
      classRef: { name: 'adopted-2cpu-4096mb' },
      importedDisk: { diskID: '100', format: 'raw', path: 'vms:100/vm-100-disk-0.raw', source: 'manual' },
      userData: { ignition: { inline: '{"ignition":{}}' } },
    },
    means: {
      ...VM,
      name: 'shape',
      provider: here('pve'),
      vmClass: here('adopted-2cpu-4096mb'),
      image: { volume: 'vms:100/vm-100-disk-0.raw' },
      userData: { inline: '{"ignition":{}}' },
    },
  },
  {
    kind: 'VMClass',
    spec: {
      cpu: 4,
      memory: '8Gi',
      firmware: 'UEFI',
      diskDefaults: { type: 'thin', size: '40Gi', storageClass: 'ceph' },
      guestToolsPolicy: 'install',
      extraConfig: { cpu: 'host' },
      performanceProfile: { cpuHotAddEnabled: true },
      securityProfile: { secureBoot: true, tpmEnabled: true, tpmVersion: '2', encryptionPolicy: { enabled: false } },
      resourceLimits: { cpuShares: 2000, memoryReservation: '4Gi' },
    },
    means: {
      cpus: 4,
      memoryMib: 8192,
      firmware: 'uefi',
      bootDiskGib: 40,
      diskType: 'thin',
      storage: 'ceph',
      guestTools: 'install',
      extra: { cpu: 'host' },
      performance: { cpuHotAdd: true },
      security: { secureBoot: true, tpm: true, tpmVersion: '2', encryption: false },
      limits: { cpuShares: 2000, memoryReservationMib: 4096 },
    },
  },
  {
    kind: 'VMImage',
    spec: {
      source: { proxmox: { templateID: 9000, storage: 'vms', node: 'pve', format: 'qcow2', fullClone: false } },
      distribution: { name: 'ubuntu', family: 'linux', version: '22.04', kernel: { type: 'linux' } },
      metadata: { displayName: 'Ubuntu', architecture: 'amd64', tags: { a: 'b' } },
    },
    means: {
      kind: 'there',
      source: { kind: 'template', ref: '9000', cloneMode: 'linked', node: 'pve', storage: 'vms' },
    },
  },
  {
    kind: 'VMImage',
    spec: {
      source: {
        http: { url: 'https://images.example.com/jammy.img', checksum: `sha256:${'AB'.repeat(32)}`, timeout: '10m' },
        proxmox: { storage: 'vms', format: 'raw', nodes: ['pve2', 'pve1'] },
        libvirt: { path: '/x.qcow2', format: 'qcow2' },
        vsphere: { templateName: 'x' },
      },
      prepare: { onMissing: 'Fail', retries: 5 },
    },
    means: {
      kind: 'fetched',
      image: {
        url: 'https://images.example.com/jammy.img',
        checksum: { algorithm: 'sha256', value: 'ab'.repeat(32) },
        storage: 'vms',
        nodes: ['pve1', 'pve2'],
        diskFormat: 'raw',
        onMissing: 'fail',
      },
    },
  },
  {
    kind: 'VMNetworkAttachment',
    spec: {
      network: {
        type: 'bridged',
        proxmox: { bridge: 'vmbr1', vlanTag: 100, model: 'e1000', firewall: true, mtu: 9000, rateLimit: 100 },
        libvirt: { networkName: 'default', model: 'virtio' },
      },
      ipAllocation: {
        type: 'Static',
        staticConfig: { address: '10.0.100.50/24', gateway: '10.0.100.1' },
        dnsConfig: { servers: ['8.8.8.8'] },
      },
      security: { firewall: { enabled: true, defaultPolicy: 'ACCEPT' }, isolation: { mode: 'none' } },
      metadata: { displayName: 'DMZ', environment: 'prod' },
    },
    means: {
      bridge: 'vmbr1',
      vlan: 100,
      model: 'e1000',
      firewall: true,
      mtu: 9000,
      rateLimit: 100,
      addresses: [ip('10.0.100.50')],
      gateways: ['10.0.100.1'],
      dns: ['8.8.8.8'],
    },
  },
  {
    kind: 'VMSnapshot',
    spec: {
      vmRef: { name: 'web' },
      snapshotConfig: { name: 'nightly', description: 'Nightly', includeMemory: true, quiesce: true, type: 'Standard' },
      retentionPolicy: { maxAge: '168h', maxCount: 7, deleteOnVMDelete: false, gracePeriod: '1h' },
      schedule: { enabled: false, cronSpec: '0 2 * * *' },
      metadata: { pinned: true, purpose: 'backup' },
    },
    means: {
      vm: here('web'),
      nameHint: 'nightly',
      description: 'Nightly',
      includeMemory: true,
      retention: {
        maxAgeMs: 604_800_000,
        maxCount: 7,
        deleteWithVm: false,
        graceMs: 3_600_000,
        pinned: true,
      },
    },
  },
  {
    kind: 'VMClone',
    spec: {
      source: { vmRef: { name: 'golden' } },
      target: { name: 'copy', classRef: { name: 'large' }, labels: { app: 'web' }, networks: [{ name: 'lan' }] },
      options: { type: 'LinkedClone', powerOn: true, storage: { storageClass: 'ceph' }, timeout: '30m' },
      customization: {
        hostname: 'copy',
        domain: 'example.com',
        timeZone: 'Europe/Berlin',
        networks: [{ name: 'lan', ipAddress: '10.0.0.7', subnetMask: '255.255.255.0', gateway: '10.0.0.1' }],
        tags: ['Copy'],
        sysprep: { enabled: false },
      },
    },
    means: {
      source: here('golden'),
      target: {
        name: 'copy',
        namespace: 'default',
        vmClass: here('large'),
        networks: [{ nic: { name: 'lan', addresses: [], gateways: [], dns: [] } }],
        labels: { app: 'web' },
        annotations: {},
      },
      linked: true,
      powerOn: true,
      storage: 'ceph',
      customization: {
        hostname: 'copy',
        domain: 'example.com',
        timeZone: 'Europe/Berlin',
        networks: [{ name: 'lan', ipAddress: '10.0.0.7', subnetMask: '255.255.255.0', gateway: '10.0.0.1', dns: [] }],
        tags: ['copy'],
      },
    },
  },
  {
    kind: 'VMPlacementPolicy',
    spec: {
      hard: { hosts: ['pve1', 'pve2'], datastores: ['ceph'], resourcePools: ['prod'] },
      antiAffinity: {
        hostAntiAffinity: { enabled: true, maxVMsPerHost: 5, scope: 'strict' },
        vmAntiAffinity: {
          requiredDuringScheduling: [
            {
              labelSelector: { matchLabels: { app: 'db' } },
              matchExpressions: [{ key: 'tier', operator: 'Exists' }],
              topologyKey: 'kubernetes.io/hostname',
            },
          ],
        },
      },
      resourceConstraints: { minMemoryPerHost: '8Gi' },
      priority: 100,
      weight: 50,
    },
    means: {
      nodes: ['pve1', 'pve2'],
      avoid: [
        {
          terms: [
            { key: 'app', operator: 'In', values: ['db'] },
            { key: 'tier', operator: 'Exists', values: [] },
          ],
          namespaces: [],
        },
      ],
      maxVmsPerNode: 5,
      minFreeMemoryMib: 8192,
      storage: 'ceph',
      pool: 'prod',
      priority: 100,
    },
  },
];

/** JSON of an object of such a kind. */
export function upstreamObject({ kind, spec }: Pick<UpstreamShape, 'kind' | 'spec'>): string {
  const metadata = { name: 'shape', namespace: 'default' };
  return JSON.stringify({ apiVersion: 'infra.virtrigaud.io/v1beta1', kind, metadata, spec });
}
