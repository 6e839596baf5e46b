// The network itself, by kind of provider.
import { z } from 'zod';
import { bridge, flag, oneOf, text, textMap, whole } from '../fields.ts';
import { optional, optionalObject, strictObject } from '../strict-object.ts';

const proxmox = optionalObject({
  bridge: bridge('Bridge or SDN vnet, such as `vmbr0`.'),
  vlanTag: whole('VLAN tag.', 1, 4094),
  model: oneOf('Model of the card; `virtio` by default.', ['virtio', 'e1000', 'rtl8139', 'vmxnet3']),
  firewall: flag("Whether Proxmox VE's firewall looks at the card."),
  mtu: whole('MTU of the card; needs `virtio`. 1 is that of the bridge.', 1, 65_520),
  rateLimit: whole('Limit in MB a second.', 1),
}).describe('A network of Proxmox VE.');

const libvirt = optionalObject({
  networkName: text('Network.', 255),
  model: oneOf('Model of the card.', ['virtio', 'e1000', 'e1000e', 'rtl8139', 'pcnet', 'ne2k_pci']),
  bridge: strictObject({
    name: text('Bridge.', 15),
    ...optional({ delay: whole('Delay in seconds.', 0, 30), stp: flag('Whether with STP.') }),
  }).describe('Bridge.'),
  driver: optionalObject({
    name: oneOf('Driver.', ['kvm', 'vfio', 'uio']),
    queues: whole('Queues.', 1, 16),
    txMode: oneOf('Mode.', ['iothread', 'timer']),
    ioEventFD: flag('Whether with ioeventfd.'),
    eventIDX: flag('Whether with event_idx.'),
  }).describe('Driver.'),
  filterRef: strictObject({
    filter: text('Filter.', 255),
    ...optional({ parameters: textMap('Parameters.') }),
  }).describe('Filter.'),
}).describe('For providers of libvirt.');

const vlanId = (about: string) => whole(about, 1, 4094);

const vsphere = optionalObject({
  portgroup: text('Port group.', 255),
  adapterType: oneOf('Model of the card.', ['vmxnet3', 'e1000', 'e1000e']),
  pciSlotNumber: whole('PCI slot.', 32, 1024),
  distributedSwitch: strictObject({
    name: text('Switch.', 255),
    ...optional({ portgroupType: oneOf('Type.', ['ephemeral', 'distributed']), uuid: text('UUID.') }),
  }).describe('Distributed switch.'),
  security: optionalObject({
    allowForgedTransmits: flag('Whether other source MACs are let through.'),
    allowMACChanges: flag('Whether the MAC may change.'),
    allowPromiscuous: flag('Whether all packets are seen.'),
  }).describe('Security.'),
  trafficShaping: optionalObject({
    enabled: flag('Whether there is any.'),
    averageBandwidth: whole('Average.', 1000),
    peakBandwidth: whole('Peak.', 1000),
    burstSize: whole('Burst.', 1024),
  }).describe('Traffic shaping.'),
  vlan: optionalObject({
    type: oneOf('Type.', ['none', 'vlan', 'pvlan', 'trunk']),
    vlanID: vlanId('VLAN.'),
    primaryVlanID: vlanId('Primary VLAN.'),
    secondaryVlanID: vlanId('Secondary VLAN.'),
    trunkVlanIDs: z.array(z.number().int()).max(100).describe('VLANs of the trunk.'),
  }).describe('VLAN.'),
}).describe('For providers of vSphere.');

export const link = optionalObject({
  type: oneOf('Kind of network. On Proxmox VE a bridge: anything but `bridged` and `external` is refused.', [
    'bridged',
    'nat',
    'isolated',
    'host-only',
    'external',
  ]).default('bridged'),
  mtu: whole('MTU of the cards, where `proxmox.mtu` says none; 1500 is that of the bridge.', 68, 9000),
  proxmox,
  libvirt,
  vsphere,
}).describe('The network.');
