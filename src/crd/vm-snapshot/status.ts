import { z } from 'zod';
import { conditions, flag, oneOf, quantity, text, time, whole } from '../fields.ts';
import { optional, optionalObject, strictObject } from '../strict-object.ts';

const relative = strictObject({
  name: text('Name.'),
  ...optional({ namespace: text('Namespace.'), uid: text('UID.') }),
});

const atProvider = strictObject({
  available: flag('Whether it is there.'),
  ...optional({
    id: text('What it is called there.'),
    path: text('Where it is.'),
    state: text('Its state.'),
    message: text('Why it is not there.'),
    lastUpdated: time('When that was found.'),
  }),
});

const asked = optionalObject({
  vm: text('The VirtualMachine whose snapshot it is.'),
  name: text('What it was to be called.'),
  description: text('Description.'),
  includeMemory: flag('Whether with memory.'),
}).describe('What the provider was last asked for.');

const revert = optionalObject({
  begun: text('The value of the annotation `virtrigaud.io/revert-requested-at` that is acted on.'),
  begunAt: time('Since when.'),
  handled: text('The last value that was acted on.'),
  message: text('What came of it.'),
  at: time('When the VM was back, if it was.'),
}).describe('Ways back to it that were asked for.');

export const vmSnapshotStatus = optionalObject({
  ...conditions,
  phase: oneOf('What is going on, in a word.', ['Pending', 'Creating', 'Ready', 'Deleting', 'Failed', 'Expired']),
  message: text('The same, in a sentence.'),
  snapshotID: text('Its id at the provider.'),
  taskRef: text('The task that makes it now, or goes back to it.'),
  vmID: text('The VM it was taken of, by its id at the provider.'),
  hasMemory: flag('Whether the memory of the guest is in it.'),
  asked,
  revert,
  creationTime: time('When it was begun.'),
  completionTime: time('When it was done.'),
  expiryTime: time('When it is deleted by itself.'),
  size: quantity('Its size.'),
  virtualSize: quantity('The size of the disks in it.'),
  parent: relative.describe('The snapshot before it.'),
  children: z.array(relative).describe('The snapshots after it.'),
  progress: optionalObject({
    percentage: whole('Done, in percent.', 0, 100),
    completedBytes: whole('Done, in bytes.', 0),
    totalBytes: whole('All of it, in bytes.', 0),
    startTime: time('When it began.'),
    eta: text('How long it will take.'),
  }).describe('How far it is.'),
  providerStatus: z.record(z.string(), atProvider).describe('How it is at its Provider.'),
});

export type VmSnapshotStatus = z.output<typeof vmSnapshotStatus>;
