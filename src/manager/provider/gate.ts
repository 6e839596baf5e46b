// How manager and provider know each other: mutual TLS, unless the manifest says otherwise.
import type { ProviderTls, ProviderWish } from '#domain/provider-wish';
import type { ClientTls } from '#rpc/client';
import type { RunnerState } from './runner.ts';
import type { Entries } from './supplies.ts';

/** Names of the files, and of the entries of a Secret of type `kubernetes.io/tls` with a CA. */
export const TLS_ENTRIES = ['tls.crt', 'tls.key', 'ca.crt'] as const;

/** Which of the three are not there. */
export function missingOf(entries: Entries): readonly string[] {
  return TLS_ENTRIES.filter((name) => (entries[name] ?? '') === '');
}

/** One certificate for both ends, as VirtRigaud's manager has it. */
export function clientTls(entries: Entries, serverName: string, { runtime: { tls } }: ProviderWish): ClientTls {
  return {
    ca: entries['ca.crt'] ?? '',
    certificate: entries['tls.crt'] ?? '',
    key: entries['tls.key'] ?? '',
    serverName,
    ...(tls.kind !== 'off' && tls.takesAny ? { takesAny: true } : {}),
  };
}

/** For the condition TLSConfigured, with the reasons that VirtRigaud's manager gives. */
export function gateState({ kind }: ProviderTls): NonNullable<RunnerState['gate']> {
  if (kind === 'off') {
    const message = 'Manager and provider talk without TLS: spec.runtime.service.tls.enabled is false.';
    return { isSecure: false, reason: 'ExplicitlyDisabled', message };
  }
  const whose = kind === 'issued' ? 'of the manager' : 'of the Secret';
  return { isSecure: true, reason: 'Enabled', message: `Mutual TLS, with certificates ${whose}.` };
}
