// A NIC in a manifest: upstream's fields, and beside them the documented ones (bridge, vlan, mac and staticIP).
import type { z } from 'zod';
import { bridge, reference, text, texts, whole, word } from '../fields.ts';
import { optional, strictObject } from '../strict-object.ts';

const staticIp = strictObject({
  address: text('Address with its prefix, such as `192.168.1.100/24`; one of each family, parted by a comma.'),
  ...optional({
    gateway: text('Gateway; one of each family, parted by a comma.'),
    dns: texts('Addresses of name servers.', 20),
  }),
}).describe('A static address. Without one the NIC asks DHCP.');

export const network = strictObject({
  name: word(
    'Name of the network. Without a bridge it decides the bridge: by the map of networks (`lan`, `dmz`, `mgmt`), or `vmbrN` is itself one.',
    63,
  ),
  ...optional({
    networkRef: reference(
      'A VMNetworkAttachment with bridge, VLAN, model and addresses; what the NIC says itself wins.',
    ),
    bridge: bridge('Bridge or SDN vnet of Proxmox VE, such as `vmbr0`.'),
    vlan: whole('VLAN tag.', 1, 4094),
    mac: text('MAC address, such as `02:00:00:aa:bb:cc`. By default it follows from the VMID.', 17),
    staticIP: staticIp,
    ipAddress: text('Static address, without its prefix. Another way to say `staticIP`.'),
    prefix: whole('Length of the prefix of `ipAddress`.', 1, 128),
    gateway: text('Gateway beside `ipAddress`.'),
    dns: text('Name servers, parted by commas.'),
    macAddress: text('The same as `mac`.', 17),
  }),
}).describe('A network card, in order: the first is `net0`.');

export type NetworkManifest = z.output<typeof network>;
