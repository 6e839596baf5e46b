import { z } from 'zod';
import { conditions, flag, localReference, oneOf, text, time, whole } from '../fields.ts';
import { optional, optionalObject, strictObject } from '../strict-object.ts';
import { virtualMachineSpec } from '../virtual-machine/spec.ts';

const PHASES = ['Pending', 'Preparing', 'Cloning', 'Customizing', 'Powering-On', 'Ready', 'Failed'] as const;

const list = (about: string) => z.array(z.string()).describe(about);

const currentDisk = strictObject({
  name: text('Its name.'),
  ...optional({
    percentage: whole('Done, in percent.', 0, 100),
    completedBytes: whole('Done, in bytes.', 0),
    totalBytes: whole('All of it, in bytes.', 0),
    transferRate: whole('Bytes a second.', 0),
  }),
}).describe('The disk that is copied now.');

const bound = virtualMachineSpec
  .pick({ providerRef: true, classRef: true, resources: true })
  .describe('What the new VirtualMachine has of its source, as that was when the copy began.');

export const vmCloneStatus = optionalObject({
  ...conditions,
  phase: oneOf('What is going on, in a word.', PHASES),
  message: text('The same, in a sentence.'),
  targetRef: localReference('The new VirtualMachine.'),
  targetVMID: text('Its id at the provider.'),
  taskRef: text('The task that copies now.'),
  actualCloneType: oneOf('How it was copied.', ['FullClone', 'LinkedClone', 'InstantClone']),
  startTime: time('When it began.'),
  completionTime: time('When it was done.'),
  retryCount: whole('How often it was tried again.', 0),
  lastRetryTime: time('When it was last tried again.'),
  customizationStatus: optionalObject({
    started: flag('Whether it has begun.'),
    completed: flag('Whether it is done.'),
    currentStep: text('What is done now.'),
    completedSteps: list('What is done.'),
    failedSteps: list('What went wrong.'),
    message: text('The same, in a sentence.'),
  }).describe('How far the customization is.'),
  progress: optionalObject({
    overallPercentage: whole('Done, in percent.', 0, 100),
    completedDisks: whole('Disks that are done.', 0),
    totalDisks: whole('All disks.', 0),
    currentDisk,
    eta: text('How long it will take.'),
  }).describe('How far it is.'),
  providerEndpoint: text('The endpoint that its Provider had when the copy began.'),
  bound,
});

export type VmCloneStatus = z.output<typeof vmCloneStatus>;
