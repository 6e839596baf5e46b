// The parts of a Kubernetes pod that a Provider takes over, as far as they are looked into here; the rest is looked into
// by Kubernetes, when the pod is made.
import { z } from 'zod';
import { anyQuantity, anything, flag, oneOf, text, textMap, word } from '../fields.ts';
import { optional, optionalObject, strictObject } from '../strict-object.ts';

const keyOf = (what: string) =>
  strictObject({
    key: word('Its entry.'),
    ...optional({
      name: text(`Name of the ${what}.`),
      optional: flag(`Whether the ${what} or the entry may be missing.`),
    }),
  }).describe(`An entry of a ${what}.`);

const valueFrom = optionalObject({
  secretKeyRef: keyOf('Secret'),
  configMapKeyRef: keyOf('ConfigMap'),
  fieldRef: strictObject({
    fieldPath: word('Path of the field.'),
    ...optional({ apiVersion: text('Version the path is of.') }),
  }).describe('A field of the pod.'),
  resourceFieldRef: strictObject({
    resource: word('The resource.'),
    ...optional({ containerName: text('The container.'), divisor: anyQuantity('Unit of the value.') }),
  }).describe('A resource of the container.'),
}).describe('Where the value comes from.');

export const envVar = strictObject({
  name: word('Name of the variable.'),
  ...optional({ value: text('Its value.'), valueFrom }),
}).describe('A variable.');

export type EnvVarManifest = z.output<typeof envVar>;

const toleration = optionalObject({
  key: text('Key of the taint.'),
  operator: oneOf('How it is compared.', ['Exists', 'Equal']),
  value: text('Value of the taint.'),
  effect: oneOf('Effect of the taint.', ['NoSchedule', 'PreferNoSchedule', 'NoExecute']),
  tolerationSeconds: z.number().int().describe('How long it is tolerated.'),
});

const resourceRequirements = optionalObject({
  limits: z.record(z.string(), anyQuantity('Amount.')).describe('What it gets at most.'),
  requests: z.record(z.string(), anyQuantity('Amount.')).describe('What it gets at least.'),
  claims: z
    .array(strictObject({ name: word('Name of the claim.'), ...optional({ request: text('One request of it.') }) }))
    .describe('Claims of resources.'),
}).describe('CPU and memory of the container.');

export const scheduling = {
  nodeSelector: textMap('Labels of the Kubernetes nodes the pod may be on.'),
  tolerations: z.array(toleration).describe('Taints the pod tolerates.'),
  affinity: anything('Affinity of the pod, as in a Pod.'),
};

export const container = {
  resources: resourceRequirements,
  securityContext: anything("Security context of the container, as in a Pod; it replaces the manager's own."),
  livenessProbe: anything("Liveness probe, as in a Pod; it replaces the manager's own."),
  readinessProbe: anything("Readiness probe, as in a Pod; it replaces the manager's own."),
  imagePullPolicy: oneOf('When the image is pulled.', ['Always', 'Never', 'IfNotPresent']).default('IfNotPresent'),
};
