// Endpoints that are reached somewhere else than where the manifests say, on a machine where their names mean nothing.

export interface EndpointMap {
  /** What stands in manifests, and where it is, as origins: `https://pve.example.com:8006`. */
  readonly origins: ReadonlyMap<string, string>;
  /** File with the CA of the places that are really meant. */
  readonly caFile?: string | undefined;
}

/** @param rows `https://pve.example.com:8006=https://127.0.0.1:8006`; throws Error naming the row that is none */
export function readEndpointMap(rows: readonly string[], caFile?: string): EndpointMap {
  const origins = rows.map((row) => {
    const [from, to, ...rest] = row.split('=').map(originOf);
    if (from !== undefined && to !== undefined && rest.length === 0) return [from, to] as const;
    throw new Error(`"${row}" is not of the form https://pve.example.com:8006=https://127.0.0.1:8006`);
  });
  return { origins: new Map(origins), caFile };
}

export interface Mapped {
  readonly environment: Readonly<Record<string, string>>;
  /** Whether any endpoint is another now. */
  readonly isMapped: boolean;
}

/** Fingerprints are those of the servers the names mean elsewhere. */
const NO_PINS = { PROVIDER_FINGERPRINT: '', PVE_FINGERPRINT: '' };

const ENDPOINTS = ['PROVIDER_ENDPOINT', 'PVE_ENDPOINT'];

/** The environment of a provider, with the endpoints that are really meant, and their CA. */
export function mapEndpoints(environment: Readonly<Record<string, string>>, { origins, caFile }: EndpointMap): Mapped {
  const changes = ENDPOINTS.flatMap((name) => {
    const said = environment[name] ?? '';
    const meant = said
      .split(',')
      .map((url) => mapEndpoint(url.trim(), origins))
      .join(',');
    return said === '' || meant === said ? [] : [[name, meant] as const];
  });
  if (changes.length === 0) return { environment, isMapped: false };
  const ca = caFile === undefined ? {} : { PROVIDER_CA_BUNDLE: caFile };
  return { environment: { ...environment, ...Object.fromEntries(changes), ...NO_PINS, ...ca }, isMapped: true };
}

function mapEndpoint(url: string, origins: ReadonlyMap<string, string>): string {
  const from = originOf(url);
  const to = from === undefined ? undefined : origins.get(from);
  return from === undefined || to === undefined ? url : `${to}${new URL(url).pathname.replace(/\/$/, '')}`;
}

function originOf(url: string): string | undefined {
  const parsed = URL.parse(url);
  return parsed === null || !/^https?:$/.test(parsed.protocol) ? undefined : parsed.origin;
}
