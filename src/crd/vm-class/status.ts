import { z } from 'zod';
import { conditions, flag, text, time, whole } from '../fields.ts';
import { optional, optionalObject, strictObject } from '../strict-object.ts';

const validation = strictObject({
  valid: flag('Whether the provider can make such VMs.'),
  ...optional({
    message: text('Why not.'),
    warnings: z.array(z.string()).describe('What to know all the same.'),
    lastValidated: time('When it was looked at.'),
  }),
});

export const vmClassStatus = optionalObject({
  ...conditions,
  usedByVMs: whole('How many VirtualMachines are of this class.', 0),
  supportedProviders: z.array(z.string()).describe('Providers that can make such VMs.'),
  validationResults: z.record(z.string(), validation).describe('What each Provider says to it.'),
});
