// spec of VMNetworkAttachment: upstream's fields.
import type { z } from 'zod';
import { oneOf, text, textMap } from '../fields.ts';
import { optional, optionalObject, strictObject } from '../strict-object.ts';
import { ipAllocation } from './addresses.ts';
import { qos, security } from './guards.ts';
import { link } from './links.ts';

export const ENVIRONMENTS = ['dev', 'staging', 'prod', 'test', 'qa', 'uat'] as const;

const metadata = optionalObject({
  displayName: text('Name.', 255),
  description: text('Description.', 1024),
  environment: oneOf('Environment.', ENVIRONMENTS),
  tags: textMap('Tags.'),
}).describe('Notes about the network, for people.');

export const vmNetworkAttachmentSpec = strictObject({
  network: link,
  ...optional({ ipAllocation, security, qos, metadata }),
});

export type VmNetworkAttachmentSpec = z.output<typeof vmNetworkAttachmentSpec>;
