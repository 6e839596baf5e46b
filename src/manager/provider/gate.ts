// How manager and provider know each other: mutual TLS, unless the manifest says otherwise.
import type { ProviderTls, ProviderWish } from '#domain/provider-wish';
import type { ClientTls } from '#rpc/client';
import type { RunnerState, RunOrder } from './runner.ts';
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

/** Why the certificates that the manifest names cannot be used; undefined: they can. */
export function tlsTrouble({ wish, supplies }: Pick<RunOrder, 'wish' | 'supplies'>): RunnerState | undefined {
  const { tls } = wish.runtime;
  if (tls.kind !== 'secret') return undefined;
  const secret = `Secret ${tls.secret.namespace}/${tls.secret.name}`;
  const missing = missingOf(supplies.tls ?? {});
  if (supplies.tls !== undefined && missing.length === 0) return undefined;
  const why = supplies.tls === undefined ? `there is no ${secret}` : `${secret} has no ${missing.join(' and no ')}`;
  const remedy = 'Add what is missing, or correct spec.runtime.service.tls';
  // VMs may be waiting for their deletion: who is connected stays so.
  return { ...unsecured(wish, 'SecretRefMissing', why, remedy), isAsBefore: true };
}

export function unsecured({ namespace, name }: ProviderWish, reason: string, why: string, remedy: string): RunnerState {
  const message = `Provider ${namespace}/${name}: TLS between manager and provider: ${why}. ${remedy}.`;
  return { phase: 'Failed', reason, message, gate: { isSecure: false, reason, message } };
}
