// What the kinds may say and Proxmox VE, or this version, cannot do: refused by the name of the field.
import { describe, expect, test } from 'vitest';
import { type Manifest, parseManifests } from './manifests.ts';
import { normaliseProvider } from './provider/normalise.ts';
import { normaliseVirtualMachine } from './virtual-machine/normalise.ts';
import { normaliseClass } from './vm-class/normalise.ts';
import { normaliseClone } from './vm-clone/normalise.ts';
import { normaliseImage } from './vm-image/normalise.ts';
import { normaliseNetworkAttachment } from './vm-network-attachment/normalise.ts';
import { normalisePlacementPolicy } from './vm-placement-policy/normalise.ts';
import { normaliseSnapshot } from './vm-snapshot/normalise.ts';

type Spec = Readonly<Record<string, unknown>>;
type Row = readonly [spec: Spec, says: RegExp];

function reading(kind: string, normalise: (manifest: Manifest) => unknown, base: Spec = {}): (spec: Spec) => unknown {
  return (spec) => {
    const object = {
      apiVersion: 'infra.virtrigaud.io/v1beta1',
      kind,
      metadata: { name: 'x' },
      spec: { ...base, ...spec },
    };
    const [manifest] = parseManifests(JSON.stringify(object));
    return manifest && normalise(manifest);
  };
}

const provider = reading('Provider', normaliseProvider, { type: 'proxmox', endpoint: 'https://pve:8006' });
const vm = reading('VirtualMachine', normaliseVirtualMachine);
const vmClass = reading('VMClass', normaliseClass, { cpus: 2, memory: '4Gi' });
const image = reading('VMImage', normaliseImage);
const network = reading('VMNetworkAttachment', normaliseNetworkAttachment, {
  network: { proxmox: { bridge: 'vmbr0' } },
});
const snapshot = reading('VMSnapshot', normaliseSnapshot, { vmRef: { name: 'web' } });
const clone = reading('VMClone', normaliseClone, { sourceVMRef: { name: 'web' } });
const policy = reading('VMPlacementPolicy', normalisePlacementPolicy);

const http = (fields: Spec): Spec => ({ source: { http: { url: 'https://x/y.qcow2', ...fields } } });
const term = { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { a: 'b' } } };
const required = (fields: Spec): Spec => ({
  antiAffinity: { vmAntiAffinity: { requiredDuringScheduling: [{ ...term, ...fields }] } },
});

const UNSUPPORTED: readonly (readonly [read: (spec: Spec) => unknown, rows: readonly Row[]])[] = [
  [
    provider,
    [
      [{ type: 'vsphere' }, /spec.type: "vsphere" is none of ours\. Write proxmox/],
      [{ defaults: { folder: 'x' } }, /spec.defaults.folder: /],
    ],
  ],
  [
    vm,
    [
      [{ disks: [{ name: 'a', size: '1Gi', scsi: { sharedBus: 'physicalSharing' } }] }, /disks\[0\].scsi.sharedBus: /],
      [{ lifecycle: { preStop: { exec: { command: ['a'] } } } }, /spec.lifecycle.preStop: /],
    ],
  ],
  [
    image,
    [
      [http({ headers: { a: 'b' } }), /spec.source.http.headers: /],
      [http({ authentication: { bearer: { secretRef: { name: 's' } } } }), /source.http.authentication: /],
      [{ source: { registry: { image: 'a:b' } } }, /spec.source.registry: Proxmox VE cannot fetch it/],
      [{ source: { dataVolume: { name: 'a' } } }, /spec.source.dataVolume: /],
    ],
  ],
  [
    network,
    [
      [{ network: { type: 'nat' } }, /spec.network.type: a network of Proxmox VE is a bridge/],
      [{ ipAllocation: { type: 'Pool' } }, /spec.ipAllocation.type: /],
      [{ ipAllocation: { dnsConfig: { searchDomains: ['x'] } } }, /ipAllocation.dnsConfig.searchDomains: /],
      [{ security: { firewall: { rules: [{ name: 'a', action: 'DROP', direction: 'in' }] } } }, /firewall.rules: /],
      [{ security: { isolation: { mode: 'strict' } } }, /security.isolation.mode: /],
      [{ security: { encryption: { enabled: true } } }, /security.encryption.enabled: Proxmox VE has no such/],
      [{ qos: { ingressLimit: 1000 } }, /qos.ingressLimit: .*Use network.proxmox.rateLimit/],
    ],
  ],
  [
    snapshot,
    [
      [{ schedule: { enabled: true } }, /spec.schedule.enabled: /],
      [{ snapshotConfig: { encryption: { enabled: true } } }, /snapshotConfig.encryption.enabled: /],
    ],
  ],
  [
    clone,
    [
      [{ source: { imageRef: { name: 'i' } } }, /spec.source.imageRef: .*Name a VirtualMachine as vmRef/],
      [{ options: { type: 'InstantClone' } }, /spec.options.type: /],
      [{ options: { performance: { maxIOPS: 500 } } }, /spec.options.performance.maxIOPS: /],
      [{ target: { name: 'x', namespace: 'other' } }, /spec.target.namespace: /],
      [{ target: { name: 'x', providerRef: { name: 'p' } } }, /spec.target.providerRef: /],
      [{ customization: { sysprep: { enabled: true } } }, /customization.sysprep.enabled: .*answer file/],
      [{ customization: { guestCommands: [{ command: 'a' }] } }, /customization.guestCommands: .*runcmd/],
      [{ customization: { certificates: [{ name: 'a' }] } }, /customization.certificates: .*ca_certs/],
    ],
  ],
  [
    policy,
    [
      [{ hard: { excludedHosts: ['a'] } }, /spec.hard.excludedHosts: /],
      [{ hard: { zones: ['a'] } }, /spec.hard.zones: Proxmox VE has no such thing/],
      [{ hard: { datastores: ['a', 'b'] } }, /spec.hard.datastores: .*Name one/],
      [{ soft: { hosts: ['a'] } }, /spec.soft: .*Use hard/],
      [{ affinity: { hostAffinity: { enabled: true } } }, /spec.affinity: /],
      [{ resourceConstraints: { maxCPUUtilization: 80 } }, /resourceConstraints.maxCPUUtilization: /],
      [{ securityConstraints: { requireTPM: true } }, /securityConstraints.requireTPM: /],
      [{ antiAffinity: { hostAntiAffinity: { enabled: true } } }, /hostAntiAffinity.enabled: .*Name labels/],
      [{ antiAffinity: { applicationAntiAffinity: { enabled: true } } }, /applicationAntiAffinity.enabled: /],
      [required({ topologyKey: 'zone' }), /requiredDuringScheduling\[0\].topologyKey: /],
      [required({ namespaceSelector: { matchLabels: { a: 'b' } } }), /namespaceSelector: /],
    ],
  ],
];

const INVALID: readonly (readonly [read: (spec: Spec) => unknown, rows: readonly Row[]])[] = [
  [
    provider,
    [
      [{ endpoint: 'pve' }, /spec.endpoint: expected a URL such as/],
      [{ endpoint: 'https://pve1:8006, https://pve2:8006' }, /spec.endpoint: expected a URL such as/],
      [{ endpoint: 'qemu+ssh://me@host/system' }, /spec.endpoint: "qemu.*is none of the API of Proxmox VE/],
      [{ runtime: { service: { tls: { secretRef: {} } } } }, /spec.runtime.service.tls.secretRef.name: /],
      [{ runtime: { env: [{ name: 'A', valueFrom: {} }] } }, /runtime.env\[0\].valueFrom: it names not exactly one/],
      [
        { runtime: { env: [{ name: 'A', value: 'b', valueFrom: { secretKeyRef: { key: 'a' } } }] } },
        /runtime.env\[0\]: value and valueFrom are both set/,
      ],
      [{ runtime: { env: [{ name: 'A', valueFrom: { secretKeyRef: { key: 'a' } } }] } }, /secretKeyRef.name: /],
    ],
  ],
  [
    vm,
    [
      [{ disks: [{ name: 'root', size: 40 }] }, /disks\[0\].size: "40" is too little: it is in bytes/],
      [{ disks: [{ name: 'root', size: '100Ti' }] }, /disks\[0\].size: "100Ti" is too much/],
      [{ disks: [{ name: 'root', size: '40Gi', sizeGiB: 50 }] }, /disks\[0\].sizeGiB: it says 50, but size says 40/],
      [
        {
          disks: [
            { name: 'root', size: '1Gi' },
            { name: 'Root', size: '1Gi' },
          ],
        },
        /disks\[1\].name: another disk is named "root" too/,
      ],
      [
        {
          networks: [
            { name: 'a', mac: '02:00:00:aa:bb:cc' },
            { name: 'b', macAddress: '02-00-00-AA-BB-CC' },
          ],
        },
        /networks\[1\].mac: 02:00:00:AA:BB:CC is on another NIC/,
      ],
      [{ networks: [{ name: 'a', bridge: 'vmbr0,tag=1' }] }, /networks\[0\].bridge: expected the name of a bridge/],
      [{ lifecycle: { gracefulShutdownTimeout: 'soon' } }, /gracefulShutdownTimeout: expected a duration such as/],
      [{ imageRef: { name: 'i' }, importedDisk: { diskID: 'd', path: 'p' } }, /spec.imageRef: imageRef and imported/],
    ],
  ],
  [image, [[{ source: 'ftp://me:secret@x/y.qcow2' }, /spec.source: it is no URL that Proxmox VE can fetch/]]],
  [
    vmClass,
    [[{ storage: { type: 'thin' }, diskDefaults: { type: 'thick' } }, /diskDefaults.type: it says thick, but storage/]],
  ],
  [
    network,
    [
      [{ ipAllocation: { type: 'Static' } }, /ipAllocation.staticConfig: there is none, and type says Static/],
      [
        { ipAllocation: { staticConfig: { address: '10.0.0.5/24' } } },
        /ipAllocation.staticConfig: there is one, but type says DHCP\. Write type: Static/,
      ],
      [
        { ipAllocation: { type: 'Static', staticConfig: { address: '10.0.0.5' } } },
        /staticConfig.address: "10.0.0.5" has no prefix/,
      ],
    ],
  ],
  [
    snapshot,
    [
      [{ description: 'a', snapshotConfig: { description: 'b' } }, /snapshotConfig.description: it says b, but/],
      [
        { includeMemory: true, snapshotConfig: { includeMemory: false } },
        /snapshotConfig.includeMemory: it says false/,
      ],
    ],
  ],
  [
    clone,
    [
      [{ sourceVMRef: undefined, source: {} }, /spec.sourceVMRef: it names no VirtualMachine/],
      [{ source: { vmRef: { name: 'other' } } }, /source.vmRef.name: it says other/],
      [{ linkedClone: true, options: { type: 'FullClone' } }, /options.type: it says false, but linkedClone says true/],
      [{ customization: { networks: [{ name: 'a', macAddress: 'x' }] } }, /networks\[0\].macAddress: /],
      [{ customization: { networks: [{ name: 'a', dhcp: true, ipAddress: '1.2.3.4' }] } }, /networks\[0\].dhcp: /],
    ],
  ],
  [
    policy,
    [
      [{ antiAffinity: [{ key: 'a', operator: 'In' }] }, /spec.antiAffinity\[0\].values: In needs values/],
      [{ antiAffinity: [{ key: 'a', operator: 'Is' }] }, /spec.antiAffinity\[0\].operator: /],
      [{ constraints: { minFreeMemory: '4GB' } }, /constraints.minFreeMemory: "4GB" is not a quantity/],
      [{ nodeSelector: [''] }, /spec.nodeSelector\[0\]: it is empty/],
      [{ antiAffinity: 'db' }, /spec.antiAffinity: expected a list of terms/],
      [required({ labelSelector: undefined }), /requiredDuringScheduling\[0\].labelSelector: it names no labels/],
      [{ nodeSelector: ['a'], hard: { hosts: ['b'] } }, /hard.hosts: it says b, but nodeSelector says a/],
    ],
  ],
];

describe('what cannot be done is refused by name:', () => {
  test.each(UNSUPPORTED.flatMap(([read, rows]) => rows.map(([spec, says]) => ({ read, spec, says }))))(
    '$spec',
    ({ read, spec, says }) => {
      expect(() => read(spec)).toThrow(expect.objectContaining({ kind: 'unsupported' }));
      expect(() => read(spec)).toThrow(says);
    },
  );
});

describe('what is wrong is refused by name:', () => {
  test.each(INVALID.flatMap(([read, rows]) => rows.map(([spec, says]) => ({ read, spec, says }))))(
    '$spec',
    ({ read, spec, says }) => {
      expect(() => read(spec)).toThrow(expect.objectContaining({ kind: 'invalid-spec' }));
      expect(() => read(spec)).toThrow(says);
    },
  );
});

// What an API server of VirtRigaud's fills in, and what says the same twice.
describe('what says nothing contradicts nothing:', () => {
  const ROWS: readonly (readonly [read: (spec: Spec) => unknown, spec: Spec, means: object])[] = [
    [vmClass, { storage: { type: 'thick' }, diskDefaults: { type: 'thin' } }, { diskType: 'thick' }],
    [vmClass, { diskDefaults: { type: 'thin' } }, { diskType: 'thin' }],
    [vm, { networks: [{ name: 'a', mac: '02:00:00:aa:bb:cc', macAddress: '02-00-00-AA-BB-CC' }] }, {}],
    [vm, { disks: null, tags: null, networks: [{ name: 'lan', bridge: null }] }, { disks: undefined, tags: [] }],
    [network, { network: { mtu: 1500 } }, { mtu: undefined }],
    [network, { network: { mtu: 9000 } }, { mtu: 9000 }],
    [network, { network: { mtu: 9000, proxmox: { mtu: 1 } } }, { mtu: 1 }],
    [policy, { affinity: { hostAffinity: { enabled: false, scope: 'strict' } } }, {}],
    [provider, { endpoint: 'https://pve1:8006,https://[2001:db8::2]:8006/api2' }, {}],
    [provider, { healthCheck: { interval: '1m' } }, { health: { isLookedAt: true, everyMs: 60_000, failures: 3 } }],
  ];

  test.each(ROWS.map(([read, spec, means]) => ({ read, said: JSON.stringify(spec), spec, means })))('$said', (row) => {
    const { read, spec, means } = row;
    expect(read(spec)).toMatchObject(means);
  });
});

describe('a clone', () => {
  test('may be of a snapshot, whose VM need not be named', () => {
    const source = { snapshotRef: { name: 's' } };
    const snapshot = { name: 's', namespace: 'default' };
    expect(clone({ sourceVMRef: undefined, source })).toMatchObject({ source: undefined, snapshot, linked: false });
    expect(clone({ source })).toMatchObject({ source: { name: 'web' }, snapshot, linked: true });
  });

  test.each([
    [{}, true],
    [{ linkedClone: false }, false],
    [{ options: { type: 'FullClone' } }, false],
    [{ sourceVMRef: undefined, source: { vmRef: { name: 'web' } } }, false],
    [{ sourceVMRef: undefined, source: { vmRef: { name: 'web' } }, options: { type: 'LinkedClone' } }, true],
  ] as const)('%j: linked is %s', (spec, linked) => {
    expect(clone(spec)).toMatchObject({ linked });
  });
});
