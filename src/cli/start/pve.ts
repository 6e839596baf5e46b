// The Proxmox VE behind it all: the one that the environment names, or the simulated one.
import type { SimulatorInfo } from './simulator-info.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Pve {
  /** As a Provider names it. */
  readonly endpoint: string;
  /** Entries of the Secret with its credentials; empty: there are none. */
  readonly credentials: Readonly<Record<string, string>>;
  /** Further settings of the provider, docs/settings.md. */
  readonly settings: Readonly<Record<string, string>>;
}

const ENDPOINTS = ['PROVIDER_ENDPOINT', 'PVE_ENDPOINT'] as const;

/** Whether the environment names a PVE to go to. */
export function namesAPve(environment: Environment): boolean {
  return endpointIn(environment) !== undefined;
}

function endpointIn(environment: Environment): string | undefined {
  return ENDPOINTS.map((name) => environment[name]?.trim() ?? '').find((value) => value !== '');
}

const ENTRIES = ['token_id', 'token_secret', 'username', 'password'] as const;
const CREDENTIALS = new Set(['PROVIDER', 'PVE'].flatMap((prefix) => ENTRIES.map((entry) => variable(prefix, entry))));
const SETTING = /^(?:(?:PVE|PROVIDER)_|TLS_INSECURE_SKIP_VERIFY$|https?_proxy$|no_proxy$)/i;
/** The manager's own to say. */
const NO_SETTINGS = new Set<string>([...ENDPOINTS, 'PROVIDER_NAMESPACE', 'PROVIDER_NAME', 'PROVIDER_TYPE']);

export function pveIn(environment: Environment): Pve {
  const said = Object.entries(environment).flatMap(([name, value = '']) =>
    value === '' ? [] : [[name, value] as const],
  );
  const isSetting = ([name]: readonly [string, string]): boolean =>
    SETTING.test(name) && !NO_SETTINGS.has(name) && !CREDENTIALS.has(name);
  const credentials = ENTRIES.flatMap((entry) => {
    const value = environment[variable('PROVIDER', entry)] ?? environment[variable('PVE', entry)] ?? '';
    return value === '' ? [] : [[entry, value] as const];
  });
  return {
    endpoint: endpointIn(environment) ?? '',
    credentials: Object.fromEntries(credentials),
    settings: Object.fromEntries(said.filter(isSetting)),
  };
}

function variable(prefix: string, entry: string): string {
  return `${prefix}_${entry.toUpperCase()}`;
}

/** The name by which manifests mean the simulated cluster. */
const SIMULATED = 'https://pve.example.com:8006';

export function simulatedPve({ token }: SimulatorInfo): Pve {
  return { endpoint: SIMULATED, credentials: { token_id: token.id, token_secret: token.secret }, settings: {} };
}
