// What differs in the guest of a clone.
import { z } from 'zod';
import { duration, flag, localReference, oneOf, text, texts, word } from '../fields.ts';
import { optional, optionalObject, strictObject } from '../strict-object.ts';
import { userData } from '../virtual-machine/guest-data.ts';

const network = strictObject({
  name: text('Name of the network, or `net0` and so on for a NIC of the source.', 255),
  ...optional({
    ipAddress: text('Static address.'),
    subnetMask: text('Its mask, such as `255.255.255.0`.'),
    gateway: text('Gateway.'),
    dns: texts('Name servers.', 5),
    macAddress: text('MAC address.', 17),
    dhcp: flag('Whether the NIC asks DHCP.'),
  }),
});

const secretValue = (about: string) =>
  optionalObject({
    value: text('The value.'),
    secretRef: localReference('The Secret.'),
    secretKey: text('Its entry; `password` by default.'),
  }).describe(about);

const sysprep = optionalObject({
  enabled: flag('Whether.'),
  organization: text('Organisation.', 255),
  owner: text('Owner.', 255),
  productKey: text('Product key.'),
  adminPassword: secretValue('Password of the administrator.'),
  customCommands: texts('Commands.', 20),
  joinDomain: strictObject({
    domain: text('Domain.', 255),
    username: text('User.', 255),
    password: secretValue('Password.'),
    ...optional({ organizationalUnit: text('Organisational unit.', 500) }),
  }).describe('Domain to join.'),
}).describe('Of Windows. Proxmox VE has no such thing: refused where it is enabled. Give an answer file as user data.');

const certificate = strictObject({
  name: text('Name.', 255),
  ...optional({
    data: text('The certificate.'),
    secretRef: localReference('The Secret.'),
    secretKey: text('Its entry; `tls.crt` by default.'),
    store: oneOf('Where it goes.', ['root', 'ca', 'my', 'trust']),
  }),
});

const guestCommand = strictObject({
  command: text('Command.', 1000),
  ...optional({
    arguments: texts('Arguments.', 20),
    runAsUser: text('User.', 255),
    stage: oneOf('When.', ['pre-customization', 'post-customization', 'first-boot']),
    timeout: duration('How long it may take.'),
    workingDirectory: text('Folder.', 500),
  }),
});

export const customization = optionalObject({
  hostname: word('Host name; by default the name of the clone.', 255).regex(/^[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?$/),
  domain: text('Domain behind the host name.', 255),
  timeZone: text('Time zone, such as `Europe/Berlin`.', 100),
  networks: z.array(network).max(10).describe('Network cards that differ from those of the source, in order.'),
  userData,
  tags: texts('Tags in Proxmox VE.', 50),
  sysprep,
  certificates: z.array(certificate).max(10).describe('Refused: use `ca_certs` or `write_files` in the user data.'),
  guestCommands: z.array(guestCommand).max(20).describe('Refused: use `runcmd` in the user data.'),
}).describe('What differs in the guest.');

export type CustomizationManifest = z.output<typeof customization>;
