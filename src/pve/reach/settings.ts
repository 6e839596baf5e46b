// What every program that works on a PVE is told: where it is, who we are to it, and our name among all that write to it.
import {
  asBoolean,
  asDurationMs,
  asList,
  asText,
  type Setting,
  type SettingsOf,
  type SettingsSource,
} from '#runtime/settings';
import { parseFingerprints } from './fingerprint.ts';
import { parseVmidRange } from './vmid-range.ts';

interface About<T> {
  readonly fallback: T;
  readonly about: string;
  readonly example?: string;
  readonly file?: string;
  readonly alsoFrom?: readonly string[];
}

/** A setting of ours: `PROVIDER_<NAME>`, then `PVE_<NAME>`. */
export function setting<T>(name: string, parse: (text: string) => T, about: About<NoInfer<T>>): Setting<T> {
  const { alsoFrom = [], ...rest } = about;
  return { variables: [`PROVIDER_${name}`, `PVE_${name}`, ...alsoFrom], parse, ...rest };
}

/** A variable that is called the same everywhere. */
export function variable<T>(name: string, parse: (text: string) => T, about: About<NoInfer<T>>): Setting<T> {
  return { variables: [name], parse, ...about };
}

/** A variable of the whole system, upper or lower case. */
function everywhere(name: string, about: string): Setting<string> {
  return { variables: [name, name.toLowerCase()], parse: asText, fallback: '', about };
}

export const pveSettingsTable = {
  endpoints: setting('ENDPOINT', asList, {
    fallback: [] as string[],
    about:
      'URL of the PVE API, `https://host:8006`, with or without `/api2` or `/api2/json`, behind a gateway also with a path before these; or several nodes of one cluster, `URL,URL,...`, of which the first that answers is used.',
    example: 'https://pve1.example.com:8006,https://pve2.example.com:8006',
  }),
  cluster: setting('CLUSTER', asText, {
    fallback: '',
    about: 'Name of the PVE cluster. At start the cluster has to have that name. Default: any.',
    example: 'prod',
  }),
  tokenId: setting('TOKEN_ID', asText, {
    fallback: '',
    file: 'token_id',
    about: 'API token, `user@realm!tokenid`.',
    example: 'virtrigaud@pve!vrtg',
  }),
  tokenSecret: setting('TOKEN_SECRET', asText, {
    fallback: '',
    file: 'token_secret',
    about: 'Secret of the API token.',
  }),
  username: setting('USERNAME', asText, {
    fallback: '',
    file: 'username',
    about:
      'User who logs in with a password, `user@realm`, where there is no API token. It must have no second factor.',
    example: 'virtrigaud@pve',
  }),
  password: setting('PASSWORD', String, {
    fallback: '',
    file: 'password',
    about: 'Password of that user, as it is: only the line end at the end of a file is none of it.',
  }),
  caBundle: setting('CA_BUNDLE', asText, {
    fallback: '',
    file: 'ca.crt',
    about: 'CA certificates that sign the PVE API, as PEM text or the path of a PEM file.',
  }),
  fingerprints: setting('FINGERPRINT', parseFingerprints, {
    fallback: [] as (string | undefined)[],
    about:
      'SHA-256 fingerprints of the certificates, in the order of `PVE_ENDPOINT`, an empty entry for an endpoint without. An endpoint with one has to show that certificate, and no CA is asked.',
    example: '6B:4A:...:F3,,0C:11:...:9E',
  }),
  httpsProxy: everywhere('HTTPS_PROXY', 'Proxy on the way to `https` endpoints, `http://user:password@host:port`.'),
  httpProxy: everywhere('HTTP_PROXY', 'The same for `http` endpoints.'),
  noProxy: everywhere(
    'NO_PROXY',
    'Endpoints without a proxy: domains, addresses, networks (`10.0.0.0/8`), with commas; `*` for all.',
  ),
  insecureSkipVerify: variable('PVE_INSECURE_SKIP_VERIFY', asBoolean, {
    fallback: false,
    about: 'Does not verify the certificate of the PVE API. The next two say the same; one that is true is enough.',
  }),
  providerInsecureSkipVerify: variable('PROVIDER_INSECURE_SKIP_VERIFY', asBoolean, {
    fallback: false,
    about: 'See `PVE_INSECURE_SKIP_VERIFY`.',
  }),
  tlsInsecureSkipVerify: variable('TLS_INSECURE_SKIP_VERIFY', asBoolean, {
    fallback: false,
    about: 'See `PVE_INSECURE_SKIP_VERIFY`; the manager always sets it.',
  }),
  instance: setting('INSTANCE', asText, {
    fallback: '',
    about:
      'Name of this provider among all that write to one PVE cluster. Default `<PROVIDER_NAMESPACE>/<PROVIDER_NAME>`, else `default`. Changing it makes all VMs foreign.',
    example: 'default/proxmox-prod',
  }),
  providerNamespace: variable('PROVIDER_NAMESPACE', asText, { fallback: '', about: 'Set by the manager.' }),
  providerName: variable('PROVIDER_NAME', asText, { fallback: '', about: 'Set by the manager.' }),
  vmidRange: setting('VMID_RANGE', parseVmidRange, {
    fallback: { low: 100_000, high: 999_999 },
    about: 'VMIDs that new VMs get, `low-high`. Default 100000-999999.',
    example: '100000-999999',
  }),
  taskPollIntervalMs: setting('TASK_POLL_INTERVAL', asDurationMs, {
    fallback: 2000,
    about: 'Longest pause between two looks at a PVE task.',
  }),
  taskTimeoutMs: setting('TASK_TIMEOUT', asDurationMs, {
    fallback: 300_000,
    about: 'How long a PVE task is waited for; afterwards it counts as still running.',
  }),
  requestTimeoutMs: setting('REQUEST_TIMEOUT', asDurationMs, {
    fallback: 30_000,
    about: 'How long one request to PVE may take until its answer begins.',
  }),
  credentialsFolder: variable('VIRTRIGAUD_CREDENTIALS_DIR', asText, {
    fallback: '/etc/virtrigaud/credentials',
    about: 'Folder of the mounted credentials secret.',
  }),
} as const;

export type PveSettings = SettingsOf<typeof pveSettingsTable>;

/** The environment, and the credentials folder it names. */
export function settingsSource(environment: SettingsSource['environment']): SettingsSource {
  const folder = environment['VIRTRIGAUD_CREDENTIALS_DIR']?.trim();
  const credentialsFolder =
    folder === undefined || folder === '' ? pveSettingsTable.credentialsFolder.fallback : folder;
  return { environment, credentialsFolder };
}

/** Our name among everything that writes to one PVE cluster; undefined where nobody has given one. */
export function instanceName(settings: PveSettings): string | undefined {
  if (settings.instance !== '') return settings.instance;
  const { providerNamespace: namespace, providerName: name } = settings;
  return namespace !== '' && name !== '' ? `${namespace}/${name}` : undefined;
}

/** What it is called where nobody has named it. */
export const DEFAULT_INSTANCE = 'default';
