// What a provider's Validate says of PVE. It is true once the provider serves (ADR 13); how PVE is stands in the message.

export interface Validation {
  /** Of PVE; undefined where it was not reached. */
  readonly version: string | undefined;
  readonly isHealthy: boolean;
  readonly reason: string;
  readonly message: string;
}

export function readValidation({ ok, message }: { readonly ok: boolean; readonly message: string }): Validation {
  const [, version, lacks] = /^PVE (\S+) at \S+?(, but .+)?$/s.exec(message) ?? [];
  if (ok && version !== undefined) {
    return lacks === undefined
      ? { version, isHealthy: true, reason: 'PVEReached', message }
      : { version, isHealthy: false, reason: 'PrivilegesMissing', message };
  }
  const isRefused = /refuses our credentials|authentication failed/.test(message);
  const reason = isRefused ? 'CredentialsRefused' : 'PVEUnreachable';
  return { version: undefined, isHealthy: false, reason, message: message === '' ? 'PVE is not reached.' : message };
}
