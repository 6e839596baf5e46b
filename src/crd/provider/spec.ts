// spec of Provider: upstream's fields. Credentials and runtime may be left out, as the documentation does.
import type { z } from 'zod';
import { duration, flag, oneOf, reference, text, whole } from '../fields.ts';
import { optional, optionalObject, strictObject } from '../strict-object.ts';
import { runtime } from './runtime.ts';

const PROVIDER_TYPES = ['proxmox', 'vsphere', 'libvirt', 'firecracker', 'qemu'] as const;

/** One, or several nodes of one cluster with commas between. */
const API = String.raw`https?:\/\/(\[[0-9a-fA-F:.]+\]|[a-zA-Z0-9.-]+)(:[0-9]+)?(\/[^,]*)?`;
/** Of other providers: held to its form only. */
const FOREIGN = String.raw`(tcp|grpc):\/\/[a-zA-Z0-9.-]+:[0-9]+(\/.*)?|qemu(\+ssh|\+tcp|\+tls)?:\/\/([a-zA-Z0-9@.-]+(:[0-9]+)?)?(\/.*)`;
const ENDPOINT = new RegExp(`^(${API}(,${API})*|${FOREIGN})$`);

const defaults = optionalObject({
  datastore: text('Storage of Proxmox VE for VMs that name none.', 255),
  resourcePool: text('Pool of Proxmox VE for VMs that name none.', 255),
  network: text('Bridge of Proxmox VE for NICs that name none.', 255),
  cluster: text('Of vSphere: refused.', 255),
  folder: text('Of vSphere: refused.', 255),
  storagePod: text('Of vSphere: refused.', 255),
}).describe('What VMs get that do not say.');

const healthCheck = optionalObject({
  enabled: flag('Whether its health is looked at.').default(true),
  interval: duration('How often.').default('30s'),
  timeout: duration('How long an answer may take.').default('10s'),
  failureThreshold: whole('Failures in a row that make it unhealthy.', 1, 10).default(3),
  successThreshold: whole('Successes in a row that make it healthy.', 1, 10).default(1),
}).describe('How its health is looked at.');

const rateLimit = optionalObject({
  qps: whole('Calls a second.', 1, 1000).default(10),
  burst: whole('Calls at once.', 1, 2000).default(20),
}).describe('Of no effect: the provider itself sends Proxmox VE no more than it can take.');

const connectionPooling = optionalObject({
  maxConnections: whole('Most connections.', 1, 100).default(10),
  maxIdleConnections: whole('Most idle ones.', 1).default(5),
  connectionTimeout: duration('How long connecting may take.').default('30s'),
  idleTimeout: duration('How long one stays idle.').default('5m'),
}).describe('Of no effect: gRPC has one connection.');

export const providerSpec = strictObject({
  type: oneOf('What the provider manages.', PROVIDER_TYPES),
  endpoint: text(
    'URL of the API, such as `https://pve.example.com:8006`; or those of several nodes of one cluster, with commas between.',
  ).regex(ENDPOINT, {
    error: 'expected a URL such as https://pve.example.com:8006',
  }),
  ...optional({
    credentialSecretRef: reference(
      'The Secret with `token_id` and `token_secret`, or `username` and `password`, and perhaps `ca.crt`. Without it they come from `runtime.env`.',
    ),
    insecureSkipVerify: flag('Whether any certificate of the API is taken.').default(false),
    runtime: runtime.prefault({}),
    defaults,
    healthCheck,
    rateLimit,
    connectionPooling,
  }),
});

export type ProviderSpec = z.output<typeof providerSpec>;
