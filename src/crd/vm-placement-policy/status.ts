import { z } from 'zod';
import { conditions, flag, oneOf, podReference, text, texts, time, whole } from '../fields.ts';
import { optional, optionalObject, strictObject } from '../strict-object.ts';

const conflict = strictObject({
  policyName: text('The other policy.'),
  conflictType: oneOf('What about.', ['hard', 'soft', 'resource', 'security', 'affinity']),
  ...optional({
    description: text('The conflict.'),
    severity: oneOf('How bad it is.', ['low', 'medium', 'high', 'critical']),
    resolutionSuggestion: text('What helps.'),
  }),
});

const validation = strictObject({
  valid: flag('Whether the provider can follow it.'),
  ...optional({
    message: text('Why not.'),
    errors: texts('What it cannot follow.', 20),
    warnings: texts('What to know all the same.', 20),
    supportedFeatures: texts('What it can do.', 50),
    unsupportedFeatures: texts('What it cannot do.', 50),
    lastValidated: time('When it was looked at.'),
  }),
});

export const vmPlacementPolicyStatus = optionalObject({
  ...conditions,
  usedByVMs: z.array(podReference('A VirtualMachine.')).max(1000).describe('VirtualMachines that follow it.'),
  validationResults: z.record(z.string(), validation).describe('What each Provider says to it.'),
  conflictingPolicies: z.array(conflict).max(50).describe('Policies that say otherwise.'),
  placementStats: optionalObject({
    totalPlacements: whole('VMs that were placed by it.', 0),
    successfulPlacements: whole('Those that found a place.', 0),
    failedPlacements: whole('Those that found none.', 0),
    constraintViolations: whole('How often it was broken.', 0),
    averagePlacementTime: text('How long it took on average.'),
    lastPlacementTime: time('When it was last used.'),
    placementDistribution: z.record(z.string(), z.number().int()).describe('VMs on each node.'),
  }).describe('How it was used.'),
});
