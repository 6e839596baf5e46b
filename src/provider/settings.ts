// The provider's settings as one table; docs/settings.md is rendered from it. Those that any program needs to reach PVE are
// kept where others find them too.
import { nearest } from '#domain/nearest';
import { pveSettingsTable, setting, variable } from '#pve/reach/settings';
import {
  asBoolean,
  asList,
  asOneOf,
  asText,
  readSettings,
  type Setting,
  type SettingsOf,
  type SettingsSource,
} from '#runtime/settings';
import { defaultNetworkMap, parseNetworkMap } from './plan/network-map.ts';

export const settingsTable = {
  ...pveSettingsTable,
  unclaimed: setting('UNCLAIMED', asOneOf('refuse', 'claim', 'accept'), {
    fallback: 'refuse',
    about:
      'What a delete does to a VM that carries no claim: `refuse` it, `accept` it, or `claim` such VMs for this provider as soon as one is described or deleted, for moving over from another provider and for as long as that takes. VMs within `PVE_VMID_RANGE` are never claimed so, since those of this provider have their claims.',
  }),
  pool: setting('POOL', asText, {
    fallback: '',
    about: 'Pool that new VMs join where the request names none.',
    example: 'virtrigaud',
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
  nodeSelector: setting('NODE_SELECTOR', asList, {
    fallback: [] as string[],
    about:
      'Nodes for new VMs; among those that can take one the one with the most free memory is used. Default: the node of the template, and any node for what is made without one.',
    example: 'pve1,pve2',
  }),
  nodeSelectorMode: setting('NODE_SELECTOR_MODE', asOneOf('prefer', 'require'), {
    fallback: 'prefer',
    about:
      'Whether other nodes may be used where none of `PVE_NODE_SELECTOR` can take the VM (`prefer`), or the create is refused (`require`).',
  }),
  isoStorage: setting('ISO_STORAGE', asText, {
    fallback: '',
    about: 'Storage for cloud-init ISOs. Default: one with content `iso`, shared ones first.',
    example: 'local',
  }),
  cloudInit: setting('CLOUDINIT', asOneOf('auto', 'native', 'iso'), {
    fallback: 'auto',
    about:
      "`native` uses PVE's own cloud-init drive, `iso` an uploaded ISO, `auto` the drive unless there is user data or meta data that it cannot carry ([cloud-init.md](cloud-init.md)).",
  }),
  cloudInitEject: setting('CLOUDINIT_EJECT', asNever, {
    fallback: false as const,
    about:
      'Only `false`: the cloud-init ISO stays in its drive. A guest that finds its seed gone may take the next boot for a new machine.',
  }),
  cpuHotplug: setting('CPU_HOTPLUG', asOneOf('auto', 'off'), {
    fallback: 'auto',
    about:
      '`auto` makes new Linux VMs so that CPUs can be added while they run: they get more cores than CPUs, at most as many as the smallest node has. `off` prepares no VM.',
  }),
  consoleUrl: setting('CONSOLE_URL', asText, {
    fallback: '',
    about: 'Base of the console URLs in VM status. Default: the endpoint.',
  }),
  startup: setting<'exit' | 'retry' | undefined>('STARTUP', asOneOf('exit', 'retry'), {
    fallback: undefined,
    about:
      'What the provider does where PVE cannot be reached or refuses the credentials at start: `exit` ends it, `retry` lets it serve and try again. Wrong settings always end it. Default: `retry` where a manager has deployed it (`PROVIDER_NAME` is set), else `exit`.',
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
} as const;

/** Refuses by name what is not to be had, rather than ignore it. */
function asNever(text: string): false {
  if (!asBoolean(text)) return false;
  throw new Error('is not supported: nothing tells for certain that a guest has read its ISO. Eject it in PVE');
}

export type ProviderSettings = SettingsOf<typeof settingsTable>;

/** Throws SettingError naming the variable or file. */
export function readProviderSettings(source: SettingsSource): ProviderSettings {
  return readSettings(settingsTable, source);
}

/** A manager gives up VMs that it is deleting while the pod it has deployed is not ready (ADR 13). */
export function startupMode({ startup, providerName }: ProviderSettings): 'exit' | 'retry' {
  return startup ?? (providerName === '' ? 'exit' : 'retry');
}

/** What a reader of the log should know about the settings: names nobody knows. */
export function settingWarnings(source: SettingsSource): string[] {
  const table: Setting<unknown>[] = Object.values(settingsTable);
  const known = table.flatMap((entry) => entry.variables);
  return Object.keys(source.environment)
    .filter((name) => name.startsWith('PVE_') && !known.includes(name))
    .map((name) => `${name} is not a setting${suggestion(name, known)}`);
}

function suggestion(name: string, known: readonly string[]): string {
  const close = nearest(name, known);
  return close === undefined ? '' : `; did you mean ${close}?`;
}
