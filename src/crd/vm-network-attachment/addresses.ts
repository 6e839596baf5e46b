// How NICs on a network get their addresses.
import { z } from 'zod';
import { localReference, oneOf, text, textMap, texts, whole } from '../fields.ts';
import { optional, optionalObject, strictObject } from '../strict-object.ts';

const route = strictObject({
  destination: text('Network it leads to, such as `10.1.0.0/16`.'),
  gateway: text('Gateway.'),
  ...optional({ metric: whole('Metric.', 0, 65_535) }),
});

export const ipAllocation = optionalObject({
  type: oneOf('How a NIC gets its address. `Pool` is not supported yet: refused.', [
    'DHCP',
    'Static',
    'Pool',
    'None',
  ]).default('DHCP'),
  staticConfig: strictObject({
    address: text('Address with its prefix.'),
    ...optional({
      gateway: text('Gateway.'),
      routes: z.array(route).max(20).describe('Further routes. Not supported: refused.'),
    }),
  }).describe('The address with `Static`: of the one VM that uses this network.'),
  dnsConfig: optionalObject({
    servers: texts('Addresses of name servers.', 10),
    searchDomains: texts('Domains that are tried. Not supported: refused.', 10),
    options: textMap('Options of the resolver. Not supported: refused.'),
  }).describe('Name servers.'),
  dhcpConfig: optionalObject({
    clientID: text('Client id. Not supported: refused.', 255),
    hostname: text('Host name. Not supported: refused.', 255),
    options: textMap('Options. Not supported: refused.'),
  }).describe('What the guest tells DHCP.'),
  poolConfig: strictObject({
    poolRef: localReference('The pool.'),
    ...optional({ preferredIP: text('Address that is tried first.') }),
  }).describe('The pool with `Pool`.'),
}).describe('How NICs get their addresses.');
