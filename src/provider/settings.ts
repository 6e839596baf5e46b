// The provider's settings as one table; docs/settings.md is rendered from it.
import { nearest } from '#domain/nearest';
import {
  asBoolean,
  asDurationMs,
  asList,
  asOneOf,
  asText,
  findSetting,
  readSettings,
  type Setting,
  type SettingsOf,
  type SettingsSource,
} from '#runtime/settings';
import { defaultNetworkMap, parseNetworkMap } from './plan/network-map.ts';
import { parseVmidRange } from './vmid-range.ts';

interface About<T> {
  readonly fallback: T;
  readonly about: string;
  readonly example?: string;
  readonly file?: string;
  readonly alsoFrom?: readonly string[];
}

/** A setting of ours: `PROVIDER_<NAME>`, then `PVE_<NAME>`. */
function setting<T>(name: string, parse: (text: string) => T, about: About<NoInfer<T>>): Setting<T> {
  const { alsoFrom = [], ...rest } = about;
  return { variables: [`PROVIDER_${name}`, `PVE_${name}`, ...alsoFrom], parse, ...rest };
}

/** A variable that is called the same everywhere. */
function variable<T>(name: string, parse: (text: string) => T, about: About<NoInfer<T>>): Setting<T> {
  return { variables: [name], parse, ...about };
}

/** A name that is spoken for, but that this version does nothing with. */
function reserved(name: string, about: string): Setting<string> {
  return { ...setting(name, asText, { fallback: '', about }), reserved: true };
}

export const settingsTable = {
  endpoint: setting('ENDPOINT', asText, {
    fallback: '',
    about: 'URL of the PVE API. `https://host:8006`, with or without `/api2` or `/api2/json`.',
    example: 'https://pve.example.com:8006',
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
  username: { ...reserved('USERNAME', 'User for password login.'), file: 'username' },
  password: { ...reserved('PASSWORD', 'Password for password login.'), file: 'password' },
  caBundle: setting('CA_BUNDLE', asText, {
    fallback: '',
    file: 'ca.crt',
    about: 'CA certificates that sign the PVE API, as PEM text or the path of a PEM file.',
  }),
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
  networkMap: setting('NETWORK_MAP', parseNetworkMap, {
    fallback: defaultNetworkMap,
    about:
      'Bridges for network names that name no bridge, `name=bridge,...`. Names like `vmbr3` are bridges themselves. Default: `lan` and `default` are vmbr0, `dmz` vmbr1, `mgmt` and `management` vmbr2.',
    example: 'lan=vmbr0,dmz=vmbr1',
  }),
  defaultStorage: setting('DEFAULT_STORAGE', asText, {
    fallback: '',
    alsoFrom: ['PROVIDER_DEFAULT_DATASTORE'],
    about: "Storage for the disks of new VMs where the request names none. Default: the template's.",
    example: 'local-lvm',
  }),
  isoStorage: setting('ISO_STORAGE', asText, {
    fallback: '',
    about: 'Storage for cloud-init ISOs. Default: one with content `iso`, shared ones first.',
    example: 'local',
  }),
  cloudInit: setting('CLOUDINIT', asOneOf('auto', 'native', 'iso'), {
    fallback: 'auto',
    about:
      "`native` uses PVE's own cloud-init drive, `iso` an uploaded NoCloud ISO, `auto` the drive unless there is user data.",
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
  consoleUrl: setting('CONSOLE_URL', asText, {
    fallback: '',
    about: 'Base of the console URLs in VM status. Default: the endpoint.',
  }),
  insecureGrpc: variable('VIRTRIGAUD_PROVIDER_INSECURE', asBoolean, {
    fallback: false,
    about: 'Serves gRPC without TLS where no certificates are mounted.',
  }),
  allowedSans: variable('VIRTRIGAUD_PROVIDER_ALLOWED_SANS', asList, {
    fallback: [] as string[],
    about:
      'Names a client certificate must carry one of (DNS or URI SAN, else CN). Default: any certificate of the CA.',
  }),
  credentialsFolder: variable('VIRTRIGAUD_CREDENTIALS_DIR', asText, {
    fallback: '/etc/virtrigaud/credentials',
    about: 'Folder of the mounted credentials secret.',
  }),
  tlsFolder: variable('VIRTRIGAUD_TLS_DIR', asText, {
    fallback: '/etc/virtrigaud/tls',
    about: 'Folder with `tls.crt`, `tls.key` and `ca.crt` for gRPC.',
  }),
  logLevel: variable('LOG_LEVEL', asOneOf('debug', 'info', 'warn', 'error'), {
    fallback: 'info',
    about: 'Least level that is logged: `debug`, `info`, `warn` or `error`.',
  }),
  logFormat: variable('LOG_FORMAT', asOneOf('text', 'json'), {
    fallback: 'text',
    about: 'Form of log lines: `text` or `json`.',
  }),
  fingerprint: reserved('FINGERPRINT', 'SHA-256 fingerprint of the certificate of each endpoint.'),
  cluster: reserved('CLUSTER', 'Name of the PVE cluster, compared at start.'),
  unclaimed: reserved('UNCLAIMED', 'What happens to VMs that nobody has claimed.'),
  startup: reserved('STARTUP', 'What happens where PVE cannot be reached at start.'),
  nodeSelector: reserved('NODE_SELECTOR', 'Preferred nodes.'),
  nodeSelectorMode: reserved('NODE_SELECTOR_MODE', 'Whether the selector is a preference or a must.'),
  pool: reserved('POOL', 'Pool for new VMs.'),
  cloudInitEject: reserved('CLOUDINIT_EJECT', 'Whether the cloud-init ISO is ejected after the first boot.'),
  cpuHotplug: reserved('CPU_HOTPLUG', 'Whether new VMs are prepared for CPU hot-plug.'),
} as const;

export type ProviderSettings = SettingsOf<typeof settingsTable>;

/** The environment, and the credentials folder it names. */
export function settingsSource(environment: SettingsSource['environment']): SettingsSource {
  const folder = environment['VIRTRIGAUD_CREDENTIALS_DIR']?.trim();
  return {
    environment,
    credentialsFolder: folder === undefined || folder === '' ? settingsTable.credentialsFolder.fallback : folder,
  };
}

/** Throws SettingError naming the variable or file. */
export function readProviderSettings(source: SettingsSource): ProviderSettings {
  return readSettings(settingsTable, source);
}

/** What a reader of the log should know about the settings: names that do nothing, and names nobody knows. */
export function settingWarnings(source: SettingsSource): string[] {
  const table: Setting<unknown>[] = Object.values(settingsTable);
  const known = table.flatMap((entry) => entry.variables);
  const idle = table
    .filter((entry) => entry.reserved === true)
    .flatMap((entry) => findSetting(entry, source) ?? [])
    .map((found) => `${found.from} is set, but this version does nothing with it`);
  const strange = Object.keys(source.environment)
    .filter((name) => name.startsWith('PVE_') && !known.includes(name))
    .map((name) => `${name} is not a setting${suggestion(name, known)}`);
  return [...idle, ...strange];
}

function suggestion(name: string, known: readonly string[]): string {
  const close = nearest(name, known);
  return close === undefined ? '' : `; did you mean ${close}?`;
}
