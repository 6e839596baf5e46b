// How PVE is, in the words of Validate's message: its `ok` stays true whatever becomes of PVE, once a provider serves (ADR 13).
// The provider writes them, the manager reads them.

export interface PveHealth {
  /** Of PVE; undefined where it was not reached. */
  readonly version: string | undefined;
  readonly isHealthy: boolean;
  /** CamelCase, for a condition. */
  readonly reason: 'PVEReached' | 'PrivilegesMissing' | 'CredentialsRefused' | 'PVEUnreachable';
  readonly message: string;
}

/** @param lacking rights without which hardly anything works, as sentences */
export function reachedWords(version: string, address: string, lacking: readonly string[]): string {
  return [`PVE ${version} at ${address}`, ...lacking].join(', but ');
}

/** @param said by PVE */
export function refusedWords(address: string, said: string): string {
  return `PVE at ${address} refuses our credentials ("${said}")`;
}

const REACHED = /^PVE (\S+) at \S+?(, but .+)?$/s;
/** The second is what a provider says that PVE has refused from the start, as it does in its log. */
const REFUSED = /refuses our credentials \("|authentication failed: /;

/** An answer of which nothing is known says that PVE was not reached, with its message. */
export function readPveHealth({ ok, message }: { readonly ok: boolean; readonly message: string }): PveHealth {
  const [, version, lacks] = REACHED.exec(message) ?? [];
  if (ok && version !== undefined) {
    return lacks === undefined
      ? { version, isHealthy: true, reason: 'PVEReached', message }
      : { version, isHealthy: false, reason: 'PrivilegesMissing', message };
  }
  const reason = REFUSED.test(message) ? 'CredentialsRefused' : 'PVEUnreachable';
  return { version: undefined, isHealthy: false, reason, message: message === '' ? 'PVE is not reached.' : message };
}
