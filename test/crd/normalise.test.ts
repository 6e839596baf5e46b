import { readFileSync } from 'node:fs';
import { NO_PLACEMENT } from '#domain/vm-spec';
import { describe, expect, test } from 'vitest';
import { bundlesIn } from '../support/bundle.ts';
import { type NormalisedVm, normaliseVm } from '#crd/normalise';

type Spec = Readonly<Record<string, unknown>>;

const WEB_SERVER = readFileSync(new URL('../../examples/web-server.yaml', import.meta.url), 'utf8');

/** As the provider's documentation has it. */
const MULTI_NIC = `
apiVersion: infra.virtrigaud.io/v1beta1
kind: VirtualMachine
metadata:
  name: multi-nic-vm
spec:
  providerRef:
    name: proxmox-prod
  classRef:
    name: medium
  imageRef:
    name: ubuntu-22
  networks:
    # Primary LAN interface
    - name: lan
      bridge: vmbr0
      staticIP:
        address: "192.168.1.100/24"
        gateway: "192.168.1.1"
        dns: ["8.8.8.8", "1.1.1.1"]
    
    # DMZ interface with VLAN
    - name: dmz
      bridge: vmbr1
      vlan: 100
      staticIP:
        address: "10.0.100.50/24"
    
    # Management interface
    - name: mgmt
      bridge: vmbr2
      mac: "02:00:00:aa:bb:cc"
---
apiVersion: infra.virtrigaud.io/v1beta1
kind: VMClass
metadata:
  name: medium
spec:
  cpus: 4
  memory: "8Gi"
---
apiVersion: infra.virtrigaud.io/v1beta1
kind: VMImage
metadata:
  name: ubuntu-22
spec:
  source: "9000"
`;

function normaliseText(text: string): NormalisedVm {
  const [bundle] = bundlesIn(text);
  if (bundle === undefined) throw new Error('no VirtualMachine in the text');
  return normaliseVm(bundle);
}

/** One VM of a class and an image, each with these fields beside what it needs. */
function normalise(vm: Spec = {}, vmClass: Spec = {}, image: Spec = {}, metadata: Spec = {}): NormalisedVm {
  const object = (kind: string, spec: Spec, meta: Spec = {}): string =>
    JSON.stringify({ apiVersion: 'infra.virtrigaud.io/v1beta1', kind, metadata: { name: 'web', ...meta }, spec });
  return normaliseText(
    [
      object('VirtualMachine', { classRef: { name: 'web' }, imageRef: { name: 'web' }, ...vm }, metadata),
      object('VMClass', { cpus: 2, memory: '4Gi', ...vmClass }),
      object('VMImage', { source: 'debian-12', ...image }),
    ].join('\n---\n'),
  );
}

const network = (fields: Spec): Spec => ({ networks: [{ name: 'lan', ...fields }] });
const disk = (fields: Spec): Spec => ({ disks: [{ name: 'root', ...fields }] });

describe('the manifests of the documentation, as they are written', () => {
  test('describe web-server', () => {
    const { spec, powerState, owner } = normaliseText(WEB_SERVER);
    expect(spec).toEqual({
      name: 'web-server',
      image: { kind: 'template', ref: 'ubuntu-22-template' },
      size: {
        cpus: 2,
        memoryMib: 4096,
        firmware: 'uefi',
        machine: 'q35',
        performance: {},
        security: {},
        limits: {},
        extra: {},
      },
      networks: [{ name: 'lan', addresses: [], gateways: [], dns: [] }],
      disks: [{ name: 'root', sizeGib: 40 }],
      tags: [],
      userData: new TextEncoder().encode(
        '#cloud-config\nhostname: web-server\nusers:\n  - name: ubuntu\n    ssh_authorized_keys:\n' +
          '      - "ssh-ed25519 AAAA..."\npackages:\n  - nginx\n',
      ),
      placement: NO_PLACEMENT,
    });
    expect(powerState).toBe('On');
    expect(owner).toEqual({ name: 'web-server', namespace: 'default' });
  });

  test('describe multi-nic-vm', () => {
    const { spec } = normaliseText(MULTI_NIC);
    expect(spec.image).toMatchObject({ kind: 'template', ref: '9000' });
    expect(spec.networks).toEqual([
      {
        name: 'lan',
        bridge: 'vmbr0',
        addresses: [{ family: 4, address: '192.168.1.100', prefix: 24 }],
        gateways: ['192.168.1.1'],
        dns: ['8.8.8.8', '1.1.1.1'],
      },
      {
        name: 'dmz',
        bridge: 'vmbr1',
        vlan: 100,
        addresses: [{ family: 4, address: '10.0.100.50', prefix: 24 }],
        gateways: [],
        dns: [],
      },
      { name: 'mgmt', bridge: 'vmbr2', mac: '02:00:00:AA:BB:CC', addresses: [], gateways: [], dns: [] },
    ]);
  });
});

describe('powerState', () => {
  test.each([
    [undefined, 'On'],
    ['On', 'On'],
    ['Off', 'Off'],
    ['OffGraceful', 'OffGraceful'],
    [true, 'On'],
    [false, 'Off'],
  ])('%j is %s', (powerState, expected) => {
    expect(normalise({ powerState }).powerState).toBe(expected);
  });
});

describe('the owner', () => {
  test('is name, namespace and uid', () => {
    const metadata = { name: 'db', namespace: 'prod', uid: 'u-1' };
    const text = ['VirtualMachine', 'VMClass', 'VMImage'].map((kind) => {
      const spec = {
        VirtualMachine: { classRef: { name: 'db' }, imageRef: { name: 'db' } },
        VMClass: { cpu: 1, memory: '1Gi' },
        VMImage: { source: 'x' },
      }[kind];
      return JSON.stringify({ apiVersion: 'infra.virtrigaud.io/v1beta1', kind, metadata, spec });
    });
    expect(normaliseText(text.join('\n---\n')).owner).toEqual(metadata);
  });
});

describe("upstream's shapes", () => {
  test('of a class say the same as ours', () => {
    const { size } = normalise(
      {},
      {
        cpus: undefined,
        cpu: 4,
        memory: '8Gi',
        firmware: 'UEFI',
        diskDefaults: { size: '20Gi', type: 'ssd', storageClass: 'nvme', iops: 500 },
        guestToolsPolicy: 'skip',
        extraConfig: { a: 'b' },
        performanceProfile: { cpuHotAddEnabled: true, latencySensitivity: 'high' },
        securityProfile: { tpmEnabled: true, tpmVersion: '2', encryptionPolicy: { enabled: false } },
        resourceLimits: { cpuLimit: 2000, memoryLimit: '6Gi', memoryReservation: '512Mi' },
      },
    ).spec;
    expect(size).toEqual({
      cpus: 4,
      memoryMib: 8192,
      firmware: 'uefi',
      bootDiskGib: 20,
      diskType: 'ssd',
      storage: 'nvme',
      guestTools: 'skip',
      performance: { cpuHotAdd: true, latencySensitivity: 'high' },
      security: { tpm: true, tpmVersion: '2', encryption: false },
      limits: { cpuLimitMhz: 2000, memoryLimitMib: 6144, memoryReservationMib: 512 },
      extra: { a: 'b' },
    });
  });

  test('of a VM say the same as ours', () => {
    const { spec } = normalise({
      networks: [
        {
          name: 'lan',
          ipAddress: '10.0.0.5',
          prefix: 24,
          gateway: '10.0.0.1',
          dns: '8.8.8.8, 1.1.1.1',
          macAddress: '02-00-00-aa-bb-cc',
        },
      ],
      disks: [{ name: 'root', sizeGiB: 30, type: 'thin', storageClass: 'ceph', expandPolicy: 'Offline' }],
      resources: { cpu: 8, memoryMiB: 2048 },
      metaData: { cloudInit: { inline: 'a: b\n' } },
      placement: { datastore: 'vms', host: 'pve2', resourcePool: 'prod', cluster: '' },
      tags: ['Web', 'a b', 'web'],
    });
    expect(spec).toMatchObject({
      networks: [
        {
          addresses: [{ family: 4, address: '10.0.0.5', prefix: 24 }],
          gateways: ['10.0.0.1'],
          dns: ['8.8.8.8', '1.1.1.1'],
          mac: '02:00:00:AA:BB:CC',
        },
      ],
      disks: [{ name: 'root', sizeGib: 30, type: 'thin', storage: 'ceph' }],
      size: { cpus: 8, memoryMib: 2048 },
      metaData: new TextEncoder().encode('a: b\n'),
      placement: { storage: 'vms', node: 'pve2', pool: 'prod' },
      tags: ['a_b', 'web'],
    });
  });

  test.each([
    [{ proxmox: { templateName: 'debian-12' } }, { ref: 'debian-12' }],
    [{ proxmox: { templateID: 9000, templateName: 'x' } }, { ref: '9000' }],
    [
      { proxmox: { templateID: 9000, fullClone: false, node: 'pve2', storage: 'vms', format: 'raw' } },
      { ref: '9000', cloneMode: 'linked', node: 'pve2', storage: 'vms' },
    ],
    [{ proxmox: { templateID: 9000, fullClone: true }, vsphere: { ovaURL: 'x' } }, { ref: '9000' }],
    [9000, { ref: '9000' }],
  ])('of an image name a template: %j', (source, expected) => {
    expect(normalise({}, {}, { source }).spec.image).toEqual({ kind: 'template', ...expected });
  });

  test('an imported disk takes the place of an image', () => {
    const vm = { imageRef: undefined, importedDisk: { diskID: 'd', path: 'vms:100/disk.raw', format: 'raw' } };
    expect(normalise(vm).spec.image).toEqual({ kind: 'disk', volume: 'vms:100/disk.raw' });
  });

  test.each([
    [{ source: 'local:iso/debian-12.iso' }, { kind: 'iso', volume: 'local:iso/debian-12.iso' }],
    [
      { source: { proxmox: { templateName: 'local:iso/a.iso', fullClone: true, node: 'pve2' } } },
      { kind: 'iso', volume: 'local:iso/a.iso', node: 'pve2' },
    ],
    [{ source: 'local:import/a.qcow2' }, { kind: 'disk', volume: 'local:import/a.qcow2' }],
    [{ source: { blank: true, proxmox: { storage: 'vms' } } }, { kind: 'blank', storage: 'vms' }],
    [
      { source: 'debian-12', cloneMode: 'linked' },
      { kind: 'template', ref: 'debian-12', cloneMode: 'linked' },
    ],
    [
      { source: { proxmox: { templateID: 9000, fullClone: true, cloneMode: 'linked', snapshot: 'golden' } } },
      { kind: 'template', ref: '9000', cloneMode: 'linked', snapshot: 'golden' },
    ],
  ])('of an image %j is a source', (image, expected) => {
    expect(normalise({}, {}, image).spec.image).toEqual(expected);
  });

  test('of a class the clone mode stays, whatever the image says', () => {
    const { image, size } = normalise({}, { cloneMode: 'linked' }, { cloneMode: 'full' }).spec;
    expect([size.cloneMode, image]).toMatchObject(['linked', { cloneMode: 'full' }]);
  });

  test('Ignition travels as user data', () => {
    const vm = { userData: { ignition: { inline: '{"ignition":{}}' } } };
    expect(normalise(vm).spec.userData).toEqual(new TextEncoder().encode('{"ignition":{}}'));
  });
});

describe('the firmware of a class', () => {
  test.each([
    [{}, 'bios'],
    [{ spec: { bios: 'uefi' } }, 'uefi'],
    [{ spec: { bios: 'OVMF' } }, 'uefi'],
    [{ spec: { bios: 'seabios' } }, 'bios'],
    [{ firmware: 'EFI' }, 'uefi'],
    [{ firmware: 'BIOS', spec: { bios: 'uefi' } }, 'uefi'],
    [{ firmware: 'UEFI', spec: { machine: 'q35' } }, 'uefi'],
  ])('%j is %s', (vmClass, expected) => {
    expect(normalise({}, vmClass).spec.size.firmware).toBe(expected);
  });
});

describe('addresses', () => {
  test('may be one of each family, parted by a comma', () => {
    const staticIP = { address: '10.0.0.5/24, 2001:db8::5/64', gateway: '2001:db8::1', dns: ['2001:db8::53'] };
    expect(normalise(network({ staticIP })).spec.networks?.[0]).toMatchObject({
      addresses: [
        { family: 4, prefix: 24 },
        { family: 6, prefix: 64 },
      ],
      gateways: ['2001:db8::1'],
    });
  });
});

const BAD_VM: readonly (readonly [vm: Spec, says: RegExp])[] = [
  [{ powerstate: 'On' }, /^VirtualMachine web \(document 1\): spec: "powerstate": .*did you mean "powerState"/],
  [{ powerState: 'on' }, /spec.powerState: expected On, Off or OffGraceful/],
  [{ networks: 'lan' }, /spec.networks: expected array/],
  [network({ vLan: 5 }), /spec.networks\[0\]: "vLan": .*did you mean "vlan"/],
  [network({ vlan: 5000 }), /spec.networks\[0\].vlan: .*4094/],
  [network({ vlan: 0 }), /spec.networks\[0\].vlan: /],
  [network({ mac: '01:00:00:aa:bb:cc' }), /spec.networks\[0\].mac: "01:00.*is not a unicast MAC\. Write it like/],
  [network({ macAddress: 'x' }), /spec.networks\[0\].macAddress: /],
  [network({ mac: '02:00:00:aa:bb:cc', macAddress: '02:00:00:aa:bb:cd' }), /macAddress: it says .* but mac says/],
  [network({ staticIP: {} }), /staticIP.address: expected string/],
  [network({ staticIP: { address: '10.0.0.5' } }), /staticIP.address: "10.0.0.5" has no prefix length/],
  [network({ staticIP: { address: '10.0.0.5/33' } }), /staticIP.address: "33" is not a prefix length/],
  [network({ staticIP: { address: '10.0.0.5/24,10.0.0.6/24' } }), /staticIP.address: .*more than one IPv4 entry/],
  [
    network({ staticIP: { address: '10.0.0.5/24', gateway: 'fe80::1' } }),
    /gateway: the gateway fe80::1 has no static IPv6 address/,
  ],
  [network({ staticIP: { address: '10.0.0.5/24', gateway: 'x' } }), /staticIP.gateway: "x" is not an IP address/],
  [network({ staticIP: { address: '10.0.0.5/24', dns: ['dns.lan'] } }), /staticIP.dns: "dns.lan" is not an IP address/],
  [
    network({ staticIP: { address: '10.0.0.5/24' }, ipAddress: '10.0.0.5' }),
    /staticIP: the network also has ipAddress/,
  ],
  [network({ ipAddress: '10.0.0.5' }), /ipAddress: "10.0.0.5" has no prefix length/],
  [network({ prefix: 24 }), /prefix: there is no static address/],
  [network({ gateway: '10.0.0.1' }), /networks\[0\].gateway: the gateway 10.0.0.1 has no static IPv4 address/],
  [disk({}), /spec.disks\[0\].size: the disk has no size\. Write it like "40Gi"/],
  [disk({ size: '40GB' }), /spec.disks\[0\].size: "40GB" is not a quantity/],
  [disk({ size: 0 }), /spec.disks\[0\].size: "0" is too little/],
  [disk({ size: '40Gi', sizeGiB: 41 }), /spec.disks\[0\].sizeGiB: it says 41, but size says 40/],
  [disk({ sizeGiB: 0 }), /spec.disks\[0\].sizeGiB: /],
  [{ tags: [''] }, /spec.tags\[0\]: the tag is empty/],
  [{ placement: { folder: 'x' } }, /spec.placement.folder: it has no meaning on Proxmox VE/],
  [network({ networkRef: { name: 'lan' } }), /spec.networks\[0\].networkRef: there is no VMNetworkAttachment "lan"/],
  [
    { userData: { cloudInit: { secretRef: { name: 's' } } } },
    /spec.userData.cloudInit.secretRef: there is no Secret "s"/,
  ],
  [{ metaData: { cloudInit: { secretRef: { name: 's' } } } }, /spec.metaData.cloudInit.secretRef: there is no Secret/],
  [{ userData: { sshKeys: { secretRef: { name: 's' } } } }, /spec.userData.sshKeys.secretRef: there is no Secret/],
  [{ userData: { sshKeys: { inline: 'secret' } } }, /spec.userData.sshKeys.inline: line 1 is no public key/],
  [{ placementRef: { name: 'p' } }, /spec.placementRef: there is no VMPlacementPolicy "p" in namespace "default"/],
  [{ imageRef: undefined }, /spec.imageRef: neither imageRef nor importedDisk/],
  [{ importedDisk: { diskID: 'd', path: 'p' } }, /spec.imageRef: imageRef and importedDisk are both set/],
  [{ imageRef: undefined, importedDisk: { diskID: 'd' } }, /spec.importedDisk.path: it is not set/],
  [{ userData: { cloudInit: { inline: 'a' }, ignition: { inline: 'b' } } }, /spec.userData: cloudInit and ignition/],
];

const BAD_CLASS: readonly (readonly [vmClass: Spec, says: RegExp])[] = [
  [{ cpus: undefined }, /^VMClass web \(document 2\): spec.cpus: the number of CPUs is missing/],
  [{ cpus: 2, cpu: 4 }, /spec.cpus: it says 2, but cpu says 4/],
  [{ cpus: 0 }, /spec.cpus: /],
  [{ cpus: '2' }, /spec.cpus: expected number, received string/],
  [{ memory: undefined }, /spec.memory: expected a quantity/],
  [{ memory: '4GB' }, /spec.memory: "4GB" is not a quantity/],
  [{ memory: '1k' }, /spec.memory: "1k" is too little/],
  [{ spec: { bios: 'efi64' } }, /spec.spec.bios: "efi64" is not known\. Write uefi or bios/],
  [{ firmware: 'UEFI', spec: { bios: 'bios' } }, /spec.spec.bios: it says bios, but firmware says UEFI/],
  [{ storage: { class: 'a' }, diskDefaults: { storageClass: 'b' } }, /diskDefaults.storageClass: it says b/],
  [{ Memory: '1Gi', spec: { Machine: 'q35' } }, /did you mean "machine".*\(and 1 more\)/],
];

const BAD_IMAGE: readonly (readonly [source: unknown, says: RegExp])[] = [
  [undefined, /^VMImage web \(document 3\): spec.source: /],
  [{}, /spec.source: it names no template/],
  [{ proxmox: { storage: 'vms' } }, /spec.source: it names no template/],
  [{ proxmox: { templateId: 9000 } }, /spec.source.proxmox: "templateId": .*did you mean "templateID"/],
  [{ proxmox: { templateID: 99 } }, /spec.source.proxmox.templateID: /],
  [{ proxmox: { templateID: '9000' } }, /spec.source.proxmox.templateID: expected number/],
  [{ proxmox: { templateID: 9000 }, blank: true }, /spec.source.blank: it also names "9000"/],
  [{ proxmox: { templateID: 9000, fullClone: false, cloneMode: 'full' } }, /source.proxmox.fullClone: it says linked/],
  [{ proxmox: { templateName: 'local:iso/a.iso', fullClone: false } }, /has a cloneMode, but only a template/],
  ['local:vztmpl/debian.tar.zst', /spec.source: .*is a template for containers/],
  ['/var/lib/x.qcow2', /spec.source: .*is a file of a node/],
];

const UNSUPPORTED: readonly (readonly [vm: Spec, image: Spec, says: RegExp])[] = [
  [{ resources: { gpu: { count: 1 } } }, {}, /spec.resources.gpu: /],
  [{ snapshot: { revertToRef: { name: 's' } } }, {}, /spec.snapshot.revertToRef: /],
  [{}, { source: 'https://example.com/x.qcow2' }, /spec.source: .*Make a template of it/],
  [{}, { source: { http: { url: 'https://example.com/x.qcow2' } } }, /spec.source: .*Make a template of it/],
  [{}, { source: { registry: { image: 'a:b' }, proxmox: { storage: 'vms' } } }, /spec.source.registry: /],
];

describe('a wrong manifest is refused, naming object, field and remedy:', () => {
  test.each(BAD_VM)('%j', (vm, says) => {
    expect(() => normalise(vm)).toThrow(expect.objectContaining({ kind: 'invalid-spec' }));
    expect(() => normalise(vm)).toThrow(says);
  });

  test.each(BAD_CLASS)('class %j', (vmClass, says) => {
    expect(() => normalise({}, vmClass)).toThrow(expect.objectContaining({ kind: 'invalid-spec' }));
    expect(() => normalise({}, vmClass)).toThrow(says);
  });

  test.each(BAD_IMAGE)('image source %j', (source, says) => {
    expect(() => normalise({}, {}, { source })).toThrow(expect.objectContaining({ kind: 'invalid-spec' }));
    expect(() => normalise({}, {}, { source })).toThrow(says);
  });

  test.each(UNSUPPORTED)('not supported yet: %j %j', (vm, image, says) => {
    expect(() => normalise(vm, {}, image)).toThrow(expect.objectContaining({ kind: 'unsupported' }));
    expect(() => normalise(vm, {}, image)).toThrow(says);
  });

  test('a name that is no DNS name', () => {
    expect(() => normalise({}, {}, {}, { name: 'web_server' })).toThrow(
      /^VirtualMachine web_server .*: metadata.name: /,
    );
  });

  test('another version of the kind', () => {
    const text = WEB_SERVER.replaceAll('v1beta1', 'v1');
    expect(() => normaliseText(text)).toThrow(/apiVersion: "infra.virtrigaud.io\/v1" is not known/);
  });
});
