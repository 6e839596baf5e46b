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

export const vmSnapshotStatus = optionalObject({
  ...conditions,
  phase: oneOf('What is going on, in a word.', ['Pending', 'Creating', 'Ready', 'Deleting', 'Failed', 'Expired']),
  message: text('The same, in a sentence.'),
  snapshotID: text('Its id at the provider.'),
  hasMemory: flag('Whether the memory is in it: what was asked for when it was made.'),
  lastRevertRequest: text('The return to it that was done last: what the annotation that asked for it said.'),
  lastRevertTime: time('When that was.'),
  taskRef: text('The task that makes it now.'),
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
