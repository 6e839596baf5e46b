import { z } from 'zod';
import { conditions, flag, oneOf, text, time, whole } from '../fields.ts';
import { optional, optionalObject, strictObject } from '../strict-object.ts';

const atProvider = strictObject({
  available: flag('Whether it is there.'),
  ...optional({
    id: text('What it is called there.'),
    state: text('Its state.'),
    message: text('Why it is not there.'),
    lastUpdated: time('When that was found.'),
  }),
});

const allocation = strictObject({
  ip: text('Address.'),
  vm: text('Its VirtualMachine.'),
  ...optional({ mac: text('MAC address.'), allocatedAt: time('Since when.'), leaseExpiry: time('Until when.') }),
});

export const vmNetworkAttachmentStatus = optionalObject({
  ...conditions,
  ready: flag('Whether VMs can be on it.'),
  phase: oneOf('What is going on, in a word.', ['Pending', 'Configuring', 'Ready', 'Failed']),
  message: text('The same, in a sentence.'),
  connectedVMs: whole('How many VirtualMachines are on it.', 0),
  availableOn: z.array(z.string()).describe('Providers that have it.'),
  providerStatus: z.record(z.string(), atProvider).describe('How it is at each Provider.'),
  ipAllocations: z.array(allocation).describe('Addresses on it.'),
});
