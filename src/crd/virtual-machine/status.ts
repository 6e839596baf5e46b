import { z } from 'zod';
import { conditions, flag, oneOf, reference, text, textMap, time, whole, word } from '../fields.ts';
import { optional, optionalObject, strictObject } from '../strict-object.ts';
import { importedDisk } from './disk.ts';
import { metaData, userData } from './guest-data.ts';
import { resources } from './spec.ts';

const PHASES = ['Pending', 'Provisioning', 'Running', 'Stopped', 'Reconfiguring', 'Deleting', 'Failed'] as const;

const snapshot = strictObject({
  id: word('Its id at the provider.'),
  name: word('Its name.'),
  creationTime: time('When it was made.'),
  ...optional({
    description: text('Its description.'),
    hasMemory: flag('Whether with memory.'),
    sizeBytes: whole('Its size in bytes.', 0),
  }),
});

const bound = optionalObject({
  providerRef: reference('The Provider that has it.'),
  imageRef: reference('The VMImage it was made of.'),
  importedDisk,
  userData,
  metaData,
}).describe('What it was made from: this stays, also where the spec no longer says it.');

export const virtualMachineStatus = optionalObject({
  ...conditions,
  phase: oneOf('What is going on, in a word.', PHASES),
  message: text('The same, in a sentence.'),
  id: text('Its id at the provider: the VMID.'),
  powerState: oneOf('Whether it runs.', ['On', 'Off', 'OffGraceful']),
  ips: z.array(z.string()).describe('Addresses its guest agent tells.'),
  consoleURL: text('Where its console is.'),
  provider: textMap('What the provider tells of it: node, uptime, warnings and so on.'),
  currentResources: resources.describe('CPUs and memory it was last given.'),
  lastTaskRef: text('The task that goes on now.'),
  reconfigureTaskRef: text('The task of a change that goes on now.'),
  lastReconfigureTime: time('When it was last changed.'),
  bound,
  lastRestartRequest: text('The restart that was done last: what the annotation that asked for it said.'),
  lastRestartTime: time('When that was.'),
  snapshots: z.array(snapshot).describe('Its snapshots.'),
});
