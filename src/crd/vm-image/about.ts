// What people note about an image. Of an image that is fetched, family and architecture matter.
import { oneOf, text, textMap } from '../fields.ts';
import { optionalObject } from '../strict-object.ts';

export const distribution = optionalObject({
  name: oneOf('Distribution.', [
    'ubuntu',
    'centos',
    'rhel',
    'fedora',
    'debian',
    'suse',
    'windows',
    'freebsd',
    'coreos',
    'other',
  ]),
  family: oneOf('Family.', ['linux', 'windows', 'bsd', 'other']),
  version: text('Version.', 100),
  variant: text('Variant.', 100),
  kernel: optionalObject({
    type: oneOf('Type.', ['linux', 'windows', 'freebsd', 'other']),
    version: text('Version.'),
  }).describe('Kernel.'),
}).describe(
  'What is in the image. Of one that is fetched, Proxmox VE is told whether it is Windows or something else.',
);

export const imageMetadata = optionalObject({
  displayName: text('Name.', 255),
  description: text('Description.', 1024),
  version: text('Version.', 100),
  architecture: oneOf('Architecture. One for ARM that is to be fetched is refused.', [
    'amd64',
    'arm64',
    'x86_64',
    'aarch64',
  ]),
  tags: textMap('Tags.'),
  annotations: textMap('Notes.'),
}).describe('Notes about the image, for people.');
