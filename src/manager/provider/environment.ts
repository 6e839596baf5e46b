import type { ProviderWish } from '#domain/provider-wish';

/** The program's variables that come of the manifest's other fields; `runtime.env` stands above them. */
export function ownVariables({
  endpoint,
  insecureSkipVerify,
  runtime,
  defaults,
}: ProviderWish): Record<string, string> {
  const isPlain = runtime.tls.kind === 'off';
  return {
    PROVIDER_TYPE: 'proxmox',
    PROVIDER_ENDPOINT: endpoint,
    TLS_ENABLED: String(!isPlain),
    ...(isPlain ? { VIRTRIGAUD_PROVIDER_INSECURE: 'true' } : {}),
    // About the API of PVE, whatever its name says.
    TLS_INSECURE_SKIP_VERIFY: String(insecureSkipVerify),
    LOG_LEVEL: runtime.logLevel,
    LOG_FORMAT: runtime.logFormat,
    ...(defaults.storage === undefined ? {} : { PROVIDER_DEFAULT_DATASTORE: defaults.storage }),
    ...(defaults.pool === undefined ? {} : { PROVIDER_POOL: defaults.pool }),
  };
}
