import { z } from 'zod';
import { conditions, flag, oneOf, text, textMap, time, whole, word } from '../fields.ts';
import { optional, optionalObject, strictObject } from '../strict-object.ts';
import { resources, virtualMachineSpec } from './spec.ts';

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

const bound = virtualMachineSpec
  .pick({
    providerRef: true,
    imageRef: true,
    importedDisk: true,
    userData: true,
    metaData: true,
    networks: true,
    disks: true,
    powerState: true,
  })
  .describe(
    'What it was made from, and which documents, networks, disks and power state were last asked for: in force where the manifest says nothing of it any more.',
  );

const attempt = strictObject({
  digest: text('Digest of what was asked for.'),
  failures: whole('How often it was refused.', 1),
  retryAfter: time('Before that it is not asked for again.'),
}).describe('A change that was refused.');

const restart = optionalObject({
  begun: text('The value of the annotation `virtrigaud.io/restart-requested-at` that is acted on.'),
  begunAt: time('Since when.'),
  handled: text('The last value that was acted on.'),
  message: text('What came of it.'),
}).describe('Restarts that were asked for.');

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
  snapshots: z.array(snapshot).describe('Its snapshots.'),
  ownerUID: text('By which uid the provider knows it: of a clone, which is older than its object.'),
  providerEndpoint: text(
    'The endpoint that its Provider had when it was asked for or seen: what another PVE has not got is no proof that it is gone.',
  ),
  createRequested: flag('Whether the provider may have been asked to make it.'),
  madeBefore: flag('Whether there was a VM of it before, which is gone from PVE.'),
  bound,
  appliedDigest: text('Digest of what was last carried out of class, networks, disks, tags and documents.'),
  documentsDigest: text('Digest of the user and meta data that its guest was made with.'),
  reconfigureAttempt: attempt,
  restart,
});

export type VirtualMachineStatus = z.output<typeof virtualMachineStatus>;
