// spec of VMSnapshot: upstream's fields, and beside them the documented description and includeMemory.
import { z } from 'zod';
import { duration, flag, localReference, oneOf, text, textMap, whole } from '../fields.ts';
import { optional, optionalObject, strictObject } from '../strict-object.ts';
import { ENVIRONMENTS } from '../vm-network-attachment/spec.ts';

const CRON =
  /^(@(annually|yearly|monthly|weekly|daily|hourly|reboot))|(@every (\d+(ns|us|µs|ms|s|m|h))+)|((((\d+,)+\d+|(\d+(\/|-)\d+)|\d+|\*) ?){5,7})$/;

const snapshotConfig = optionalObject({
  name: z
    .string()
    .max(255)
    .regex(/^[a-zA-Z0-9]([a-zA-Z0-9\-_]*[a-zA-Z0-9])?$/)
    .describe('Name in Proxmox VE; by default that of the object. What is no name there is changed until it is.'),
  description: text('The same as `spec.description`.', 1024),
  includeMemory: flag('The same as `spec.includeMemory`.'),
  type: oneOf('Of no effect: the guest agent, where there is one, makes the file systems consistent.', [
    'Standard',
    'Crash',
    'Application',
  ]),
  consistencyLevel: oneOf('Of no effect: the guest agent, where there is one, makes the file systems consistent.', [
    'CrashConsistent',
    'FilesystemConsistent',
    'ApplicationConsistent',
  ]),
  quiesce: flag('Of no effect: the guest agent, where there is one, freezes the file systems.'),
  compression: flag('Refused where it is true: Proxmox VE does not compress snapshots.'),
  encryption: optionalObject({
    enabled: flag('Refused where it is true: Proxmox VE does not encrypt snapshots.'),
    keyProvider: oneOf('Who keeps the keys.', ['standard', 'hardware', 'external']),
    keyRef: localReference('The key.'),
  }).describe('Encryption.'),
}).describe('How it is made.');

const retentionPolicy = optionalObject({
  maxAge: duration('How old it may become, such as `720h`.'),
  maxCount: whole('It goes when its VM has so many newer ones.', 1, 100),
  deleteOnVMDelete: flag('Whether it goes with its VM.').default(true),
  gracePeriod: duration('How long it is kept all the same.').default('24h'),
  preservePinned: flag('Whether a pinned one is kept in any case.').default(true),
}).describe('When it is deleted by itself.');

const schedule = optionalObject({
  enabled: flag('Whether it is made by a schedule. Not supported yet: refused where it is true.'),
  cronSpec: z.string().regex(CRON).describe('When, as cron writes it.'),
  concurrencyPolicy: oneOf('What happens to one that is not done.', ['Allow', 'Forbid', 'Replace']),
  suspend: flag('Whether it rests.'),
  timezone: text('Time zone.'),
  successfulJobsHistoryLimit: whole('How many are kept.', 0, 100),
  failedJobsHistoryLimit: whole('How many that failed are kept.', 0, 100),
}).describe('When snapshots are made by themselves.');

const metadata = optionalObject({
  application: text('Application.', 255),
  environment: oneOf('Environment.', ENVIRONMENTS),
  purpose: oneOf('Purpose.', ['backup', 'testing', 'migration', 'restore-point', 'update', 'other']),
  pinned: flag('Whether it is kept in any case.'),
  tags: textMap('Tags.'),
}).describe('Notes about the snapshot.');

export const vmSnapshotSpec = strictObject({
  vmRef: localReference('The VirtualMachine.'),
  ...optional({
    description: text('Its description in Proxmox VE.', 1024),
    includeMemory: flag('Whether the memory of a running VM is in it.'),
    snapshotConfig,
    retentionPolicy,
    schedule,
    metadata,
  }),
});

export type VmSnapshotSpec = z.output<typeof vmSnapshotSpec>;
