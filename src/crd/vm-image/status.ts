import { z } from 'zod';
import { conditions, flag, oneOf, quantity, text, time, whole } from '../fields.ts';
import { optional, optionalObject, strictObject } from '../strict-object.ts';
import { FORMATS } from './sources.ts';

const PHASES = ['Pending', 'Downloading', 'Importing', 'Converting', 'Optimizing', 'Ready', 'Failed'] as const;

const atProvider = strictObject({
  available: flag('Whether VMs can be made of it there.'),
  ...optional({
    id: text('What it is called there: the VMID of a template.'),
    path: text('Where it is.'),
    size: quantity('Its size.'),
    message: text('Why not.'),
    taskRef: text('The task that imports it there now.'),
    failures: whole('How often it was refused there in a row.', 0),
    providerGeneration: whole('The generation of the Provider that refused it.', 0),
    lastUpdated: time('When that was found.'),
    endpoint: text("The endpoint that the Provider had then: at another one the id is anybody's."),
  }),
});

const template = strictObject({
  provider: text('The Provider, as `namespace/name`.'),
  ...optional({
    id: text('Its VMID.'),
    endpoint: text('The endpoint that the Provider had.'),
    asked: text('What was asked for, as long as nobody has told its VMID.'),
  }),
});

export const vmImageStatus = optionalObject({
  ...conditions,
  ready: flag('Whether VMs can be made of it.'),
  phase: oneOf('What is going on, in a word.', PHASES),
  message: text('The same, in a sentence.'),
  availableOn: z.array(z.string()).describe('Providers that have it.'),
  providerStatus: z.record(z.string(), atProvider).describe('How it is at each Provider.'),
  templates: z
    .array(template)
    .describe('Templates that were made of it, now or from an earlier spec: deleted with it.'),
  size: quantity('Its size.'),
  format: oneOf('Its format.', FORMATS),
  checksum: text('Its checksum.'),
  prepareTaskRef: text('The task that imports it now, where it is one: `providerStatus` has one for each Provider.'),
  lastPrepareTime: time('When it was last imported.'),
  importProgress: optionalObject({
    percentage: whole('Done, in percent.', 0, 100),
    transferredBytes: whole('Done, in bytes.', 0),
    totalBytes: whole('All of it, in bytes.', 0),
    transferRate: whole('Bytes a second.', 0),
    startTime: time('When it began.'),
    eta: text('How long it will take.'),
  }).describe('How far the import is.'),
});

export type VmImageStatus = z.output<typeof vmImageStatus>;
