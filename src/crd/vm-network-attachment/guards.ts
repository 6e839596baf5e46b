// What may pass through a network, and how much: upstream's fields, of which Proxmox VE does little by a NIC.
import { z } from 'zod';
import { flag, localReference, oneOf, text, texts, whole } from '../fields.ts';
import { optional, optionalObject, strictObject } from '../strict-object.ts';

const rule = strictObject({
  name: text('Name.', 255),
  action: oneOf('What is done.', ['ACCEPT', 'DROP', 'REJECT']),
  direction: oneOf('Direction.', ['in', 'out', 'inout']),
  ...optional({
    protocol: oneOf('Protocol.', ['tcp', 'udp', 'icmp', 'all']),
    sourceCIDR: text('Where from.'),
    destinationCIDR: text('Where to.'),
    ports: strictObject({
      start: whole('First.', 1, 65_535),
      ...optional({ end: whole('Last.', 1, 65_535) }),
    }).describe('Ports.'),
    priority: whole('Priority.', 1, 1000),
  }),
});

export const security = optionalObject({
  firewall: optionalObject({
    enabled: flag("Whether Proxmox VE's firewall looks at the card."),
    defaultPolicy: oneOf('What is done where no rule says it. Not supported: anything but `ACCEPT` is refused.', [
      'ACCEPT',
      'DROP',
      'REJECT',
    ]),
    rules: z.array(rule).max(100).describe('Rules. Not supported: refused. Make them in Proxmox VE.'),
  }).describe('Firewall.'),
  isolation: optionalObject({
    mode: oneOf('How much is kept apart. Not supported: anything but `none` is refused.', ['none', 'strict', 'custom']),
    allowedNetworks: texts('Networks that are let through.', 50),
    deniedNetworks: texts('Networks that are not.', 50),
  }).describe('Isolation.'),
  encryption: optionalObject({
    enabled: flag('Whether. Not supported: refused where it is true.'),
    protocol: oneOf('Protocol.', ['ipsec', 'wireguard', 'openvpn']),
    keyRef: localReference('The key.'),
  }).describe('Encryption.'),
}).describe('What may pass.');

export const qos = optionalObject({
  ingressLimit: whole('Limit to the VM. Not supported: refused. Use `network.proxmox.rateLimit`.', 1000),
  egressLimit: whole('Limit from the VM. Not supported: refused. Use `network.proxmox.rateLimit`.', 1000),
  priority: whole('Priority. Not supported: refused.', 0, 7),
  dscp: whole('DSCP. Not supported: refused.', 0, 63),
}).describe('How much may pass.');
