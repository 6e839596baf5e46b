// How the provider process runs.
import { z } from 'zod';
import { flag, oneOf, podReference, whole } from '../fields.ts';
import { optionalObject } from '../strict-object.ts';
import { container, envVar, scheduling } from './pod.ts';

const tls = optionalObject({
  enabled: flag('Whether manager and provider talk mutual TLS.').default(true),
  insecureSkipVerify: flag('Whether the manager takes any certificate.').default(false),
  secretRef: podReference('The Secret with `tls.crt`, `tls.key` and `ca.crt`. Without it the manager issues them.'),
}).describe(
  'TLS between manager and provider. Where nothing is said of it, the manager issues certificates of its own.',
);

const service = optionalObject({
  port: whole('Port of gRPC.', 1024, 65_535).default(9443),
  tls,
}).describe('Where the provider serves.');

export const runtime = optionalObject({
  mode: oneOf('`Remote`: a process of its own.', ['Remote']).default('Remote'),
  image: z
    .string()
    .regex(/^[a-zA-Z0-9._/:-]+(@[a-zA-Z0-9]+:[a-fA-F0-9]{64})?$/)
    .describe("Container image; by default the manager's own version."),
  replicas: whole('How many pods.', 1, 10).default(1),
  service,
  env: z.array(envVar).describe('Environment variables, such as `PVE_NODE_SELECTOR`; docs/settings.md lists them.'),
  logLevel: oneOf('Least level that is logged.', ['debug', 'info', 'warn', 'error']).default('info'),
  logFormat: oneOf('Form of the log.', ['text', 'json']).default('text'),
  imagePullSecrets: z.array(podReference('The Secret.')).max(10).describe('Secrets to pull the image with.'),
  ...container,
  ...scheduling,
}).describe('How the provider process runs.');

export type RuntimeManifest = z.output<typeof runtime>;
