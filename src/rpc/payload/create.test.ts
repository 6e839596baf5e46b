import { create, type MessageInitShape } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault } from '#domain/fault';
import { normaliseTags } from '#domain/names';
import {
  DISK_TYPES,
  type DiskSpec,
  type ImageSource,
  type NicSpec,
  type PlacementSpec,
  type VmSize,
  type VmSpec,
} from '#domain/vm-spec';
import { CreateRequestSchema } from '../contract.ts';
import { decodeCreate, encodeCreate } from './create.ts';
import { digestFields } from './digest-fields.ts';
import { EXTENSIONS } from './extensions.ts';

type Fields = MessageInitShape<typeof CreateRequestSchema>;

const GO_CLASS = {
  CPU: 4,
  MemoryMiB: 8192,
  Firmware: 'BIOS',
  DiskDefaults: { Type: 'thin', SizeGiB: 40 },
  GuestToolsPolicy: 'install',
  ExtraConfig: { k: 'v' },
  PerformanceProfile: {
    LatencySensitivity: 'normal',
    CPUHotAddEnabled: false,
    MemoryHotAddEnabled: false,
    VirtualizationBasedSecurity: false,
    NestedVirtualization: false,
    HyperThreadingPolicy: 'auto',
  },
  SecurityProfile: {
    SecureBoot: false,
    TPMEnabled: false,
    TPMVersion: '',
    VTDEnabled: false,
    EncryptionEnabled: false,
    KeyProvider: '',
    RequireEncryption: false,
  },
  ResourceLimits: {
    CPULimit: null,
    CPUReservation: null,
    MemoryLimitMiB: null,
    MemoryReservationMiB: null,
    CPUShares: null,
  },
};
const GO_IMAGE = { TemplateName: '9000', Path: '', URL: '', Format: 'template', Checksum: '', ChecksumType: 'sha256' };
const GO_NIC = {
  Name: 'lan',
  Portgroup: '',
  NetworkName: '',
  Bridge: 'vmbr0',
  VLAN: 100,
  Model: 'virtio',
  MacAddress: '',
  IPPolicy: '',
  StaticIP: '192.168.1.100',
  Prefix: 24,
  Gateway: '192.168.1.1',
  DNS: '8.8.8.8,1.1.1.1',
  PCISlotNumber: null,
};

function decode(fields: Fields = {}): VmSpec {
  return decodeCreate(
    create(CreateRequestSchema, {
      name: 'web-server',
      classJson: JSON.stringify(GO_CLASS),
      imageJson: JSON.stringify(GO_IMAGE),
      networksJson: 'null',
      disksJson: 'null',
      ...fields,
    }),
  );
}

const withClass = (value: unknown): VmSpec => decode({ classJson: JSON.stringify(value) });
const NOWHERE = { node: undefined, storage: undefined } as const;
const withImage = (value: unknown): VmSpec => decode({ imageJson: JSON.stringify(value) });
const withNic = (value: unknown): NicSpec | undefined =>
  decode({ networksJson: JSON.stringify([value]) }).networks?.[0];
const withDisks = (...value: unknown[]): VmSpec => decode({ disksJson: JSON.stringify(value) });
const withPlacement = (value: unknown): VmSpec => decode({ placementJson: JSON.stringify(value) });

const PLAIN_NIC: NicSpec = {
  name: 'lan',
  bridge: undefined,
  vlan: undefined,
  model: undefined,
  mac: undefined,
  addresses: [],
  gateways: [],
  dns: [],
};

describe('decodeCreate', () => {
  it('reads the request of the Go manager', () => {
    const spec = decode({
      networksJson: JSON.stringify([GO_NIC]),
      disksJson: '[{"SizeGiB":40,"Type":"thin","Name":"root"}]',
    });
    expect(spec).toEqual({
      name: 'web-server',
      image: template('9000'),
      size: {
        cpus: 4,
        memoryMib: 8192,
        firmware: 'bios',
        machine: undefined,
        bootDiskGib: 40,
        diskType: 'thin',
        storage: undefined,
        guestTools: 'install',
        performance: {
          latencySensitivity: 'normal',
          cpuHotAdd: false,
          memoryHotAdd: false,
          virtualizationBasedSecurity: false,
          nestedVirtualization: false,
          hyperThreadingPolicy: 'auto',
        },
        security: {
          secureBoot: false,
          tpm: false,
          vtd: false,
          encryption: false,
          requireEncryption: false,
        },
        limits: {},
        extra: { k: 'v' },
      },
      networks: [
        {
          name: 'lan',
          bridge: 'vmbr0',
          vlan: 100,
          model: 'virtio',
          mac: undefined,
          addresses: [{ family: 4, address: '192.168.1.100', prefix: 24 }],
          gateways: ['192.168.1.1'],
          dns: ['8.8.8.8', '1.1.1.1'],
        },
      ],
      disks: [{ name: 'root', sizeGib: 40, type: 'thin', storage: undefined }],
      tags: [],
      userData: undefined,
      metaData: undefined,
      placement: {
        storage: undefined,
        node: undefined,
        nodes: [],
        avoidIds: [],
        maxVmsPerNode: undefined,
        minFreeMemoryMib: undefined,
        pool: undefined,
      },
    });
  });

  it('keeps user data and meta data byte for byte', () => {
    const bytes = Uint8Array.of(0x00, 0xff, 0x0d, 0x0a);
    expect(decode({ userData: bytes, metaData: bytes })).toMatchObject({ userData: bytes, metaData: bytes });
  });

  it('takes "not said" for an empty placement, networks and disks', () => {
    expect(decode({ placementJson: '', networksJson: '', disksJson: '' })).toMatchObject({
      networks: undefined,
      disks: undefined,
    });
  });

  it.each<[string, unknown, Partial<VmSize>]>([
    ['cpus and a quantity', { cpus: 2, memory: '4Gi' }, { cpus: 2, memoryMib: 4096 }],
    [
      "the CRD's shape",
      { cpu: 2, memory: '4Gi', diskDefaults: { size: '40Gi', storageClass: 'ceph' }, firmware: 'UEFI' },
      { cpus: 2, memoryMib: 4096, bootDiskGib: 40, storage: 'ceph', firmware: 'uefi' },
    ],
    ['a quantity that is not whole', { cpu: 1, memory: '1.5Gi' }, { memoryMib: 1536 }],
    ['one value in two spellings', { CPU: 2, cpus: 2, MemoryMiB: 4096, memory: '4Gi' }, { cpus: 2, memoryMib: 4096 }],
    ['EFI', { ...GO_CLASS, Firmware: 'EFI' }, { firmware: 'uefi' }],
    ['no firmware', { ...GO_CLASS, Firmware: '' }, { firmware: 'bios' }],
    ['a machine type', { ...GO_CLASS, Machine: 'pc-q35-9.0+pve1' }, { machine: 'pc-q35-9.0+pve1' }],
    [
      'limits as quantities',
      { cpu: 1, memory: '1Gi', resourceLimits: { memoryLimit: '2Gi', cpuShares: 512 } },
      { limits: { memoryLimitMib: 2048, cpuShares: 512 } },
    ],
    [
      'an encryption policy',
      { cpu: 1, memory: '1Gi', securityProfile: { encryptionPolicy: { enabled: true }, tpmEnabled: true } },
      { security: { encryption: true, tpm: true } },
    ],
    ['an unknown key that asks for nothing', { ...GO_CLASS, Newer: { A: '', B: [0, null, false] } }, { cpus: 4 }],
  ])('reads a class with %s', (_, value, size) => {
    expect(withClass(value).size).toMatchObject(size);
  });

  it.each<[string, unknown, ImageSource]>([
    ['a name', { source: 'ubuntu' }, template('ubuntu')],
    ['template and storage', { source: { template: '9000', storage: 'vms' } }, template('9000', { storage: 'vms' })],
    [
      "a VMImage's proxmox source, where the id wins over the name",
      { source: { proxmox: { templateID: 9000, templateName: 'x', fullClone: false, node: 'pve2', format: 'qcow2' } } },
      template('9000', { cloneMode: 'linked', node: 'pve2' }),
    ],
    [
      'a full clone, which is what an API server fills in',
      { source: { proxmox: { templateID: 9000, fullClone: true, snapshot: 's1' } } },
      template('9000', { snapshot: 's1' }),
    ],
    ['parts of other providers too', { ...GO_IMAGE, Path: '/x.qcow2', URL: 'http://x' }, template('9000')],
    [
      'a disk, whatever its format is said to be',
      { ...GO_IMAGE, TemplateName: '', Path: 'nfs:200/vm-200-disk-0.qcow2', Format: 'vhd' },
      { kind: 'disk', volume: 'nfs:200/vm-200-disk-0.qcow2', ...NOWHERE },
    ],
    [
      'a disk inside an appliance, as the source of a VMImage',
      { source: 'local:import/web.ova/disk-1.vmdk' },
      { kind: 'disk', volume: 'local:import/web.ova/disk-1.vmdk', ...NOWHERE },
    ],
    [
      'a logical volume where Go has its templates',
      { ...GO_IMAGE, TemplateName: 'local-lvm:vm-9-disk-0' },
      { kind: 'disk', volume: 'local-lvm:vm-9-disk-0', ...NOWHERE },
    ],
    ['an ISO', { ISO: 'local:iso/debian.iso' }, { kind: 'iso', volume: 'local:iso/debian.iso', ...NOWHERE }],
    [
      'an ISO where Go has its templates',
      { ...GO_IMAGE, TemplateName: 'local:iso/debian.iso', Path: '/x.qcow2', Node: 'pve2' },
      { kind: 'iso', volume: 'local:iso/debian.iso', node: 'pve2', storage: undefined },
    ],
    ['a blank disk', { Blank: true, Storage: 'vms' }, { kind: 'blank', node: undefined, storage: 'vms' }],
    ['a blank disk, as a VMImage says it', { source: { blank: true } }, { kind: 'blank', ...NOWHERE }],
  ])('reads an image with %s', (_, value, image) => {
    expect(withImage(value).image).toEqual(image);
  });

  it.each<[string, unknown, Partial<NicSpec>]>([
    [
      'the older shape',
      olderNic(),
      {
        bridge: 'vmbr1',
        model: 'e1000',
        vlan: 100,
        mac: '02:00:00:AA:BB:CC',
        addresses: [{ family: 4, address: '10.0.100.50', prefix: 24 }],
        gateways: ['10.0.100.1'],
        dns: ['8.8.8.8', '1.1.1.1'],
      },
    ],
    [
      "a manifest's staticIP",
      { name: 'lan', staticIP: { address: '10.0.0.5/24' } },
      {
        addresses: [{ family: 4, address: '10.0.0.5', prefix: 24 }],
      },
    ],
    [
      'two families',
      { ...GO_NIC, StaticIP: '10.0.0.5/24, 2001:db8::5/64', Prefix: 0, Gateway: '10.0.0.1,2001:db8::1' },
      {
        addresses: [
          { family: 4, address: '10.0.0.5', prefix: 24 },
          { family: 6, address: '2001:db8::5', prefix: 64 },
        ],
        gateways: ['10.0.0.1', '2001:db8::1'],
      },
    ],
    [
      'a prefix for the address that has none',
      { Name: 'a', StaticIP: '10.0.0.5,2001:db8::5/64', Prefix: 24 },
      {
        addresses: [
          { family: 4, address: '10.0.0.5', prefix: 24 },
          { family: 6, address: '2001:db8::5', prefix: 64 },
        ],
      },
    ],
    [
      'name servers separated by blanks',
      { Name: 'a', DNS: '8.8.8.8  2001:4860:4860::8888' },
      {
        dns: ['8.8.8.8', '2001:4860:4860::8888'],
      },
    ],
    ['only a bridge', { Bridge: 'vmbr7' }, { name: 'vmbr7', bridge: 'vmbr7' }],
    ['nothing but a name', { Name: 'lan', Portgroup: 'pg', NetworkName: 'n', PCISlotNumber: 192 }, PLAIN_NIC],
  ])('reads a NIC in %s', (_, value, nic) => {
    expect(withNic(value)).toMatchObject(nic);
  });

  it.each<[string, unknown, DiskSpec]>([
    ['size', { name: 'data', size: '500M' }, { name: 'data', sizeGib: 1, type: undefined, storage: undefined }],
    [
      'sizeGiB',
      { name: 'd', sizeGiB: 2, storageClass: 'ceph', expandPolicy: 'Offline' },
      { name: 'd', sizeGib: 2, type: undefined, storage: 'ceph' },
    ],
  ])('reads a camelCase disk by its %s', (_, value, disk) => {
    expect(withDisks(value).disks).toEqual([disk]);
  });

  it('reads the node of an older placement', () => {
    expect(withPlacement({ node: 'pve' }).placement.node).toBe('pve');
  });

  const bad: [string, () => unknown, string, RegExp][] = [
    [
      'a name with underscores',
      () => decode({ name: 'web_server' }),
      'name',
      /"web_server" is not a valid DNS name\. Use/,
    ],
    ['an empty name', () => decode({ name: '' }), 'name', /DNS name/],
    ['an empty tag', () => decode({ tags: ['a', ' '] }), 'tags[1]', /empty\. Remove/],
    ['a tag that is too long', () => decode({ tags: ['x'.repeat(65)] }), 'tags[0]', /65 characters\. Use at most 64/],
    ['a class that is not JSON', () => decode({ classJson: '{"CPU":' }), 'class_json', /not valid JSON/],
    ['an image that is not JSON', () => decode({ imageJson: "{'a'}" }), 'image_json', /not valid JSON/],
    ['networks that are not JSON', () => decode({ networksJson: '[' }), 'networks_json', /not valid JSON/],
    ['disks that are not JSON', () => decode({ disksJson: 'x' }), 'disks_json', /not valid JSON/],
    ['a placement that is not JSON', () => decode({ placementJson: '}' }), 'placement_json', /not valid JSON/],
    ['no class', () => decode({ classJson: '' }), 'class_json.CPU', /missing\. Set it in the VMClass/],
    ['a class that is a list', () => withClass([]), 'class_json', /must be an object, but is a list/],
    [
      'CPU as text',
      () => withClass({ ...GO_CLASS, CPU: '4' }),
      'class_json.CPU',
      /must be a whole number, but is a text/,
    ],
    ['half a CPU', () => withClass({ ...GO_CLASS, CPU: 0.5 }), 'class_json.CPU', /0\.5 is not a whole number/],
    ['no CPU', () => withClass({ ...GO_CLASS, CPU: 0 }), 'class_json.CPU', /missing/],
    ['a negative CPU', () => withClass({ ...GO_CLASS, CPU: -1 }), 'class_json.CPU', /out of range\. Use 1 to 128/],
    ['129 CPUs', () => withClass({ ...GO_CLASS, CPU: 129 }), 'class_json.CPU', /out of range\. Use 1 to 128/],
    [
      '15 MiB',
      () => withClass({ ...GO_CLASS, MemoryMiB: 15 }),
      'class_json.MemoryMiB',
      /15 MiB is out of range\. Use 16 MiB or more/,
    ],
    ['no memory', () => withClass({ CPU: 1 }), 'class_json.MemoryMiB', /missing/],
    [
      'a memory without a unit',
      () => withClass({ cpu: 1, memory: '4096' }),
      'class_json.memory',
      /0 MiB is out of range/,
    ],
    [
      'a memory that is no quantity',
      () => withClass({ cpu: 1, memory: '4 gigs' }),
      'class_json.memory',
      /not a quantity\. Write it like "4Gi"/,
    ],
    [
      'two memories that differ',
      () => withClass({ CPU: 1, MemoryMiB: 1024, memory: '4Gi' }),
      'class_json.MemoryMiB',
      /differs from "memory".*Send only one/,
    ],
    [
      'an unknown firmware',
      () => withClass({ ...GO_CLASS, Firmware: 'coreboot' }),
      'class_json.Firmware',
      /"coreboot" is not known\. Use one of bios, uefi, efi/,
    ],
    [
      'a machine type with a comma',
      () => withClass({ ...GO_CLASS, Machine: 'q35,viommu=intel' }),
      'class_json.Machine',
      /not a machine type\. Use "q35"/,
    ],
    [
      'a number as extra config',
      () => withClass({ ...GO_CLASS, ExtraConfig: { a: 1 } }),
      'class_json.ExtraConfig.a',
      /must be a text, but is a number/,
    ],
    [
      'a text as a flag',
      () => withClass({ ...GO_CLASS, SecurityProfile: { SecureBoot: 'yes' } }),
      'class_json.SecurityProfile.SecureBoot',
      /true or false/,
    ],
    [
      'an unknown class key',
      () => withClass({ ...GO_CLASS, Sockets: 2 }),
      'class_json.Sockets',
      /does not know the key.*CPU, MemoryMiB/,
    ],
    [
      'an unknown key in a profile',
      () => withClass({ ...GO_CLASS, PerformanceProfile: { NumaNodes: 2 } }),
      'class_json.PerformanceProfile.NumaNodes',
      /does not know the key/,
    ],
    [
      'two storages',
      () => withClass({ ...GO_CLASS, Storage: 'a', DiskDefaults: { StorageClass: 'b' } }),
      'class_json.Storage',
      /"a" differs from "b"/,
    ],
    [
      'no image',
      () => decode({ imageJson: '' }),
      'image_json.TemplateName',
      /VMImage names no template\. Set the VMImage's source/,
    ],
    [
      'the empty image of an unprepared VMImage',
      () => withImage({ ...GO_IMAGE, TemplateName: '' }),
      'image_json.TemplateName',
      /names no template/,
    ],
    [
      'an image with a URL alone',
      () => withImage({ ...GO_IMAGE, TemplateName: '', URL: 'https://x/y.img' }),
      'image_json.URL',
      /be prepared on this provider first/,
    ],
    [
      'an older image with a URL',
      () => withImage({ source: { http: { url: 'https://x/y.img' } } }),
      'image_json.URL',
      /be prepared/,
    ],
    [
      "a disk in libvirt's folder",
      () => withImage({ ...GO_IMAGE, TemplateName: '', Path: '/var/lib/libvirt/images/a.qcow2', Format: 'qcow2' }),
      'image_json.Path',
      /file of a node, .*root@pam.*<storage>:import\/<file>/,
    ],
    [
      'a disk that is no volume',
      () => withImage({ ...GO_IMAGE, TemplateName: '', Path: 'a.qcow2' }),
      'image_json.Path',
      /is not the id of a volume/,
    ],
    [
      'a disk that is an ISO',
      () => withImage({ ...GO_IMAGE, TemplateName: '', Path: 'local:iso/x.iso' }),
      'image_json.Path',
      /is an ISO image, .*never for a disk/,
    ],
    [
      'an ISO that is none',
      () => withImage({ ISO: 'local:import/x.qcow2' }),
      'image_json.ISO',
      /is not the id of an ISO image\. Write <storage>:iso/,
    ],
    [
      "a container's template",
      () => withImage({ ...GO_IMAGE, TemplateName: 'local:vztmpl/debian-12.tar.zst' }),
      'image_json.TemplateName',
      /is a template for containers/,
    ],
    [
      'a template and a blank disk',
      () => withImage({ ...GO_IMAGE, Blank: true }),
      'image_json.Blank',
      /but the image names "9000"/,
    ],
    [
      'a clone of an ISO',
      () => withImage({ ISO: 'local:iso/x.iso', CloneMode: 'linked' }),
      'image_json.CloneMode',
      /only a template or a VM can be cloned/,
    ],
    [
      'a snapshot of a blank disk',
      () => withImage({ Blank: true, Snapshot: 's' }),
      'image_json.Snapshot',
      /only a template or a VM can be cloned/,
    ],
    [
      'a class whose two clone modes differ',
      () => withClass({ ...GO_CLASS, CloneMode: 'full', ExtraConfig: { cloneMode: 'linked' } }),
      'class_json.ExtraConfig.cloneMode',
      /"linked" differs from "full"/,
    ],
    ['a template and an ISO', () => withImage({ TemplateName: 'a', ISO: 'b' }), 'image_json', /Name only one/],
    ['two templates', () => withImage({ TemplateName: 'a', source: 'b' }), 'image_json.source', /"b" differs from "a"/],
    [
      'an unknown clone mode',
      () => withImage({ ...GO_IMAGE, CloneMode: 'instant' }),
      'image_json.CloneMode',
      /Use one of full, linked/,
    ],
    [
      'networks that are an object',
      () => decode({ networksJson: '{}' }),
      'networks_json',
      /must be a list, but is an object/,
    ],
    [
      'a NIC that is a text',
      () => decode({ networksJson: '["lan"]' }),
      'networks_json[0]',
      /must be an object, but is a text/,
    ],
    [
      'a NIC without name and bridge',
      () => withNic({ Model: 'virtio' }),
      'networks_json[0].Name',
      /neither a name nor a bridge/,
    ],
    [
      'VLAN 5000',
      () => decode({ networksJson: JSON.stringify([GO_NIC, { ...GO_NIC, VLAN: 5000 }]) }),
      'networks_json[1].VLAN',
      /5000 is out of range\. Use 1 to 4094/,
    ],
    [
      'a bad MAC',
      () => withNic({ ...GO_NIC, MacAddress: 'zz:00' }),
      'networks_json[0].MacAddress',
      /"zz:00" is not a unicast MAC/,
    ],
    [
      'a multicast MAC',
      () => withNic({ ...GO_NIC, MacAddress: '01:00:5e:00:00:01' }),
      'networks_json[0].MacAddress',
      /unicast/,
    ],
    [
      'one MAC twice',
      () => decode({ networksJson: JSON.stringify([1, 2].map((n) => ({ Name: `n${n}`, mac: '02:00:00:00:00:01' }))) }),
      'networks_json[1].MacAddress',
      /another NIC/,
    ],
    [
      'an IP without a prefix',
      () => withNic({ ...GO_NIC, Prefix: 0 }),
      'networks_json[0].StaticIP',
      /no prefix length\. Write it like/,
    ],
    [
      'an IP that is none',
      () => withNic({ ...GO_NIC, StaticIP: '192.168.1.300' }),
      'networks_json[0].StaticIP',
      /not an IP address/,
    ],
    [
      'a prefix out of range',
      () => withNic({ ...GO_NIC, Prefix: 33 }),
      'networks_json[0].StaticIP',
      /"33" is not a prefix length/,
    ],
    [
      'two slashes',
      () => withNic({ Name: 'a', StaticIP: '10.0.0.1/24/5' }),
      'networks_json[0].StaticIP',
      /"24\/5" is not a prefix/,
    ],
    [
      'a comma for an address',
      () => withNic({ Name: 'a', StaticIP: ',' }),
      'networks_json[0].StaticIP',
      /"" is not an IP/,
    ],
    [
      'two prefixes',
      () => withNic({ ...GO_NIC, StaticIP: '10.0.0.1/16' }),
      'networks_json[0].StaticIP',
      /differs from the prefix 24/,
    ],
    ['a prefix alone', () => withNic({ Name: 'a', Prefix: 24 }), 'networks_json[0].Prefix', /no static address/],
    [
      'two IPv4 addresses',
      () => withNic({ Name: 'a', StaticIP: '10.0.0.1/8,10.0.0.2/8' }),
      'networks_json[0].StaticIP',
      /more than one IPv4/,
    ],
    [
      'a gateway without an address',
      () => withNic({ ...GO_NIC, StaticIP: '', Prefix: 0 }),
      'networks_json[0].Gateway',
      /no static IPv4 address beside it/,
    ],
    [
      'a gateway of the other family',
      () => withNic({ ...GO_NIC, Gateway: '2001:db8::1' }),
      'networks_json[0].Gateway',
      /no static IPv6 address/,
    ],
    [
      'a gateway that is no address',
      () => withNic({ ...GO_NIC, Gateway: 'router' }),
      'networks_json[0].Gateway',
      /"router" is not an IP/,
    ],
    [
      'a name server that is a name',
      () => withNic({ ...GO_NIC, DNS: 'dns.google' }),
      'networks_json[0].DNS',
      /"dns.google" is not an IP/,
    ],
    ['DHCP with an address', () => withNic({ ...GO_NIC, IPPolicy: 'dhcp' }), 'networks_json[0].IPPolicy', /Keep one/],
    [
      'static without an address',
      () => withNic({ Name: 'a', IPPolicy: 'static' }),
      'networks_json[0].IPPolicy',
      /there is none/,
    ],
    [
      'an older address without a prefix',
      () => withNic({ name: 'a', static_ip: { address: '10.0.0.5' } }),
      'networks_json[0].static_ip.address',
      /no prefix length/,
    ],
    [
      'an address in two spellings',
      () => withNic({ ...GO_NIC, static_ip: { address: '10.0.0.5/24' } }),
      'networks_json[0].StaticIP',
      /differs from "static_ip"/,
    ],
    [
      'a bridge with a comma',
      () => withNic({ Bridge: 'vmbr0,tag=1' }),
      'networks_json[0].Bridge',
      /not the name of a bridge/,
    ],
    [
      'two bridges',
      () => withNic({ bridge: 'vmbr0', config: { bridge: 'vmbr1' } }),
      'networks_json[0].bridge',
      /"vmbr0" differs from "vmbr1"/,
    ],
    ['an unknown NIC key', () => withNic({ ...GO_NIC, Queues: 2 }), 'networks_json[0].Queues', /does not know the key/],
    ['a disk without a name', () => withDisks({ SizeGiB: 1, Name: '' }), 'disks_json[0].Name', /no name/],
    ['a disk without a size', () => withDisks({ SizeGiB: 0, Name: 'root' }), 'disks_json[0].SizeGiB', /no size/],
    [
      'a disk of a negative size',
      () => withDisks({ SizeGiB: -1, Name: 'root' }),
      'disks_json[0].SizeGiB',
      /out of range/,
    ],
    [
      'two disks of one name',
      () => withDisks({ SizeGiB: 1, Name: 'root' }, { SizeGiB: 1, Name: 'Root' }),
      'disks_json[1].Name',
      /another disk/,
    ],
    [
      'a storage pod',
      () => withPlacement({ StoragePod: 'p' }),
      'placement_json.StoragePod',
      /no meaning on Proxmox VE\. Name a storage/,
    ],
    ['a cluster', () => withPlacement({ Cluster: 'c' }), 'placement_json.Cluster', /no meaning.*choose the Provider/],
    ['a folder', () => withPlacement({ folder: 'f' }), 'placement_json.folder', /no meaning/],
    ['nodes as text', () => withPlacement({ Nodes: 'pve1' }), 'placement_json.Nodes', /must be a list, but is a text/],
    ['an empty node', () => withPlacement({ Nodes: ['pve1', ''] }), 'placement_json.Nodes[1]', /empty/],
    ['an unknown placement key', () => withPlacement({ Zone: 'a' }), 'placement_json.Zone', /does not know the key/],
  ];

  it.each(bad)('refuses %s', (_, act, field, message) => {
    const fault = faultOf(act);
    expect({ kind: fault.kind, subject: fault.text.subject }).toEqual({ kind: 'invalid-spec', subject: field });
    expect(fault.message).toMatch(message);
  });

  it('answers every JSON with a spec or with invalid-spec, never with another error', () => {
    const property = fc.constantFrom('classJson', 'imageJson', 'networksJson', 'disksJson', 'placementJson');
    const key = fc.constantFrom(
      'CPU',
      'Name',
      'name',
      'source',
      'StaticIP',
      'static_ip',
      'ExtraConfig',
      'Nodes',
      'proxmox',
    );
    const { json } = fc.letrec<{ json: unknown }>((tie) => ({
      json: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(null, true, 0, -1, 1.5, 1e300, '', 'x', '10.0.0.1/24'),
        fc.array(tie('json'), { maxLength: 3 }),
        fc.dictionary(key, tie('json'), { maxKeys: 3 }),
      ),
    }));
    fc.assert(
      fc.property(property, json, (field, value) => {
        const fault = faultIfAny(() => decode({ [field]: JSON.stringify(value) }));
        expect(fault?.kind ?? 'invalid-spec').toBe('invalid-spec');
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it('tells no part of a text that does not parse', () => {
    const fault = faultOf(() => decode({ classJson: 'hunter2' }));
    expect(fault.message).not.toContain('hunter');
  });
});

function olderNic(): unknown {
  return {
    name: 'dmz',
    vlan: 100,
    mac: '02-00-00-aa-bb-cc',
    static_ip: { address: '10.0.100.50/24', gateway: '10.0.100.1', dns: ['8.8.8.8', '1.1.1.1'] },
    config: { bridge: 'vmbr1', model: 'e1000' },
  };
}

function template(
  ref: string,
  more: { cloneMode?: 'full' | 'linked'; snapshot?: string; node?: string; storage?: string } = {},
): ImageSource {
  return { kind: 'template', ref, cloneMode: undefined, snapshot: undefined, ...NOWHERE, ...more };
}

function faultIfAny(act: () => unknown): Fault | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}

function faultOf(act: () => unknown): Fault {
  const fault = faultIfAny(act);
  if (fault === undefined) throw new Error('nothing was refused');
  return fault;
}

describe('encodeCreate', () => {
  it('gives a request that decodes to the same spec', () => {
    fc.assert(
      fc.property(anySpec(), (spec) => {
        expect(decodeCreate(encodeCreate(spec))).toEqual(spec);
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it('writes what Go providers read: PascalCase keys, one address without its prefix', () => {
    const request = encodeCreate(decode({ networksJson: JSON.stringify([GO_NIC]) }));
    expect(JSON.parse(request.networksJson)).toEqual([GO_NIC]);
    expect(JSON.parse(request.imageJson)).toEqual(GO_IMAGE);
    expect(JSON.parse(request.classJson)).toMatchObject({ CPU: 4, MemoryMiB: 8192, Firmware: 'BIOS' });
    expect(request.placementJson).toBe('');
  });

  it.each(
    EXTENSIONS.filter(({ field }) => !['metadata', 'customize_json', 'image_json of ImagePrepare'].includes(field)).map(
      (each) => [each.field, each.key, each.example] as const,
    ),
  )('carries the extra key %s.%s there and back', (field, key, example) => {
    const base: Record<string, unknown> = {
      class_json: { ...GO_CLASS, [key]: example },
      image_json: ['ISO', 'Blank'].includes(key) ? { [key]: example } : { ...GO_IMAGE, [key]: example },
      networks_json: [{ Name: 'lan', [key]: example }],
      disks_json: [{ SizeGiB: 1, Name: 'root', [key]: example }],
      placement_json: { [key]: example },
    };
    const property = field.replace('_json', 'Json');
    const request = encodeCreate(decode({ [property]: JSON.stringify(base[field]) }));
    const sent = digestFields(request)[field];
    expect(Array.isArray(sent) ? (sent[0] as unknown) : sent).toMatchObject({ [key]: example });
  });
});

const word = fc.stringMatching(/^[a-z0-9]{1,12}$/);
const maybe = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(values, { nil: undefined });
const bytes = fc.uint8Array({ minLength: 1, maxLength: 40 });
const count = fc.integer({ min: 1, max: 1_000_000 });

function anySpec(): fc.Arbitrary<VmSpec> {
  return fc.record({
    name: fc.stringMatching(/^[a-z0-9]{1,20}(\.[a-z0-9]{1,20})?$/),
    image: anyImage(),
    size: anySize(),
    networks: maybe(fc.uniqueArray(anyNic(), { maxLength: 4, selector: (nic) => nic.mac ?? nic.name })),
    disks: maybe(fc.uniqueArray(anyDisk(), { maxLength: 4, selector: (disk) => disk.name })),
    tags: fc
      .array(fc.string({ minLength: 1, maxLength: 10 }).filter((tag) => tag.trim() !== ''))
      .map((tags) => normaliseTags(tags, 'tags')),
    userData: maybe(bytes),
    metaData: maybe(bytes),
    placement: anyPlacement(),
  });
}

function anyImage(): fc.Arbitrary<ImageSource> {
  const place = { node: maybe(word), storage: maybe(word) };
  return fc.oneof(
    fc.record({
      kind: fc.constant('template' as const),
      ref: word,
      cloneMode: fc.constantFrom('full' as const, 'linked' as const, undefined),
      snapshot: maybe(word),
      ...place,
    }),
    fc.record({ kind: fc.constant('disk' as const), volume: word.map((name) => `vms:import/${name}.qcow2`), ...place }),
    fc.record({ kind: fc.constant('iso' as const), volume: word.map((name) => `vms:iso/${name}.iso`), ...place }),
    fc.record({ kind: fc.constant('blank' as const), ...place }),
  );
}

function anySize(): fc.Arbitrary<VmSize> {
  const optional = { requiredKeys: [] };
  return fc.record({
    cpus: fc.integer({ min: 1, max: 128 }),
    memoryMib: fc.integer({ min: 16, max: 10_000_000 }),
    firmware: fc.constantFrom('bios' as const, 'uefi' as const),
    machine: maybe(word),
    bootDiskGib: maybe(count),
    diskType: maybe(fc.constantFrom(...DISK_TYPES)),
    storage: maybe(word),
    cloneMode: fc.constantFrom('full' as const, 'linked' as const, undefined),
    guestTools: fc.constantFrom(
      'install' as const,
      'skip' as const,
      'upgrade' as const,
      'uninstall' as const,
      undefined,
    ),
    performance: fc.record(
      {
        latencySensitivity: word,
        cpuHotAdd: fc.boolean(),
        memoryHotAdd: fc.boolean(),
        virtualizationBasedSecurity: fc.boolean(),
        nestedVirtualization: fc.boolean(),
        hyperThreadingPolicy: word,
      },
      optional,
    ),
    security: fc.record(
      {
        secureBoot: fc.boolean(),
        tpm: fc.boolean(),
        tpmVersion: word,
        vtd: fc.boolean(),
        encryption: fc.boolean(),
        keyProvider: word,
        requireEncryption: fc.boolean(),
      },
      optional,
    ),
    limits: fc.record(
      {
        cpuLimitMhz: count,
        cpuReservationMhz: count,
        memoryLimitMib: count,
        memoryReservationMib: count,
        cpuShares: count,
      },
      optional,
    ),
    extra: fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true }),
  });
}

function anyNic(): fc.Arbitrary<NicSpec> {
  const octets = fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 5, maxLength: 5 });
  const address4 = fc.record({
    family: fc.constant(4 as const),
    address: fc.ipV4(),
    prefix: fc.integer({ min: 8, max: 32 }),
  });
  const address6 = fc.record({
    family: fc.constant(6 as const),
    address: fc.constantFrom('2001:db8::5', 'fe80::1', '::ffff:10.0.0.1'),
    prefix: fc.integer({ min: 8, max: 128 }),
  });
  return fc
    .record({
      name: word,
      bridge: maybe(word),
      vlan: maybe(fc.integer({ min: 1, max: 4094 })),
      model: maybe(word),
      mac: maybe(
        octets.map((five) => ['02', ...five.map((n) => n.toString(16).toUpperCase().padStart(2, '0'))].join(':')),
      ),
      four: maybe(address4),
      six: maybe(address6),
      withGateway: fc.boolean(),
      dns: fc.array(fc.ipV4(), { maxLength: 3 }),
    })
    .map(({ four, six, withGateway, ...nic }) => ({
      ...nic,
      addresses: [four, six].filter((each) => each !== undefined),
      gateways: withGateway ? [four, six].flatMap((each) => (each === undefined ? [] : [each.address])) : [],
    }));
}

function anyDisk(): fc.Arbitrary<DiskSpec> {
  return fc.record({
    name: word,
    sizeGib: fc.integer({ min: 1, max: 65_536 }),
    type: maybe(fc.constantFrom(...DISK_TYPES)),
    storage: maybe(word),
  });
}

function anyPlacement(): fc.Arbitrary<PlacementSpec> {
  return fc.record({
    storage: maybe(word),
    node: maybe(word),
    nodes: fc.array(word, { maxLength: 3 }),
    avoidIds: fc.array(word, { maxLength: 3 }),
    maxVmsPerNode: maybe(count),
    minFreeMemoryMib: maybe(count),
    pool: maybe(word),
  });
}
