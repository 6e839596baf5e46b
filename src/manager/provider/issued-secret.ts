// The certificates of a Provider whose manifest names none: a Secret beside it, with an authority of its own.
import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import type { OwnerReference } from '#kube/object';
import { SECRETS } from '#kube/resource';
import { createAuthority, openAuthority } from '#runtime/certificates';
import type { ObjectRef } from '#domain/object-ref';
import type { World } from '../work/controller.ts';
import { missingOf } from './gate.ts';
import { runName, serviceHost } from './names.ts';
import { type Entries, entriesOf } from './supplies.ts';

const DAY_MS = 86_400_000;
/** Nobody has to have pods replaced for the sake of an authority. */
const AUTHORITY_DAYS = 3650;
const LEAF_DAYS = 365;
/** Before the end of a leaf. */
const RENEW_DAYS = 60;

export interface IssuedCertificates {
  readonly secret: string;
  readonly entries: Entries;
}

/** Makes the Secret where there is none, and renews what is near its end. */
export async function keepCertificates(
  provider: ObjectRef,
  owner: OwnerReference,
  { api, cache, clock }: World,
): Promise<IssuedCertificates> {
  const { namespace } = provider;
  const name = `${runName(provider)}-tls`;
  const before = entriesOf('secret', { namespace, name }, cache);
  const entries = await freshEntries(provider, before, clock.realNow());
  if (entries === before) return { secret: name, entries };
  const data = Object.fromEntries(
    Object.entries(entries).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
  );
  if (before !== undefined) await api.patch(SECRETS, { namespace, name }, { data });
  else {
    const metadata = { name, namespace, ownerReferences: [owner] };
    await api.create(SECRETS, { apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/tls', metadata, data });
  }
  return { secret: name, entries };
}

/** The same object where nothing has to be new. */
async function freshEntries(provider: ObjectRef, before: Entries | undefined, now: number): Promise<Entries> {
  const isWhole = before !== undefined && missingOf(before).length === 0 && belongTogether(before);
  if (isWhole && daysLeft(before['tls.crt'], now) > RENEW_DAYS) return before;
  const known = isWhole && daysLeft(before['ca.crt'], now) > LEAF_DAYS ? before : undefined;
  const authority =
    known === undefined
      ? await createAuthority({ subject: 'CN=virtrigaud-manager', now, days: AUTHORITY_DAYS })
      : await openAuthority(known['ca.crt'] ?? '', known['ca.key'] ?? '', now);
  const name = runName(provider);
  const names = [name, serviceHost(provider), `${name}.${provider.namespace}.svc`, `${name}.${provider.namespace}`];
  const leaf = await authority.issue(names, { days: LEAF_DAYS, isClientToo: true });
  return { 'tls.crt': leaf.cert, 'tls.key': leaf.key, 'ca.crt': authority.ca, 'ca.key': authority.key };
}

/** Somebody may have written into it. */
function belongTogether(entries: Entries): boolean {
  try {
    const [leaf, ca] = ['tls.crt', 'ca.crt'].map((name) => new X509Certificate(entries[name] ?? ''));
    const [leafKey, caKey] = ['tls.key', 'ca.key'].map((name) => createPrivateKey(entries[name] ?? ''));
    if (leaf === undefined || ca === undefined || leafKey === undefined || caKey === undefined) return false;
    return leaf.verify(ca.publicKey) && leaf.checkPrivateKey(leafKey) && ca.checkPrivateKey(caKey);
  } catch {
    return false;
  }
}

/** 0 for what is no certificate. */
function daysLeft(pem: string | undefined, now: number): number {
  try {
    return (Date.parse(new X509Certificate(pem ?? '').validTo) - now) / DAY_MS;
  } catch {
    return 0;
  }
}

/** Tells one authority from another. */
export function authorityMark(entries: Entries): string {
  return createHash('sha256')
    .update(entries['ca.crt'] ?? '')
    .digest('hex')
    .slice(0, 16);
}
