// What a Provider is given besides its manifest: entries of Secrets and ConfigMaps, as they are now.
import type { ObjectRef } from '#domain/object-ref';
import type { EnvVar, ProviderWish } from '#domain/provider-wish';
import type { Cache } from '#kube/cache';
import { CONFIG_MAPS, SECRETS } from '#kube/resource';

export type Entries = Readonly<Record<string, string>>;

export interface Supplies {
  /** The entries of the Secret with the credentials; undefined: there is none, or none is named. */
  readonly credentials: Entries | undefined;
  /** The certificates for gRPC that the manifest names. */
  readonly tls: Entries | undefined;
  /** `runtime.env` with the values that its variables have. */
  readonly environment: Entries;
  /** What it names and is not there, as sentences. */
  readonly missing: readonly Missing[];
  /** Variables that only a pod can have, as sentences. */
  readonly ofPods: readonly string[];
}

export interface Missing {
  readonly reason: 'SecretNotFound' | 'ConfigMapNotFound' | 'EntryNotFound';
  readonly message: string;
}

/** As it is known outside a pod. */
type Found = { readonly value: string | undefined } | { readonly missing: Missing } | { readonly ofPods: string };

export function suppliesOf(wish: ProviderWish, cache: Cache): Supplies {
  const { credentials, runtime } = wish;
  const variables = runtime.env.map((variable) => ({ variable, found: valueOf(variable, wish, cache) }));
  return {
    credentials: credentials === undefined ? undefined : entriesOf('secret', credentials, cache),
    tls: runtime.tls.kind === 'secret' ? entriesOf('secret', runtime.tls.secret, cache) : undefined,
    environment: Object.fromEntries(
      variables.flatMap(({ variable, found }) =>
        'value' in found && found.value !== undefined ? [[variable.name, found.value]] : [],
      ),
    ),
    missing: variables.flatMap(({ found }) => ('missing' in found ? [found.missing] : [])),
    ofPods: variables.flatMap(({ found }) => ('ofPods' in found ? [found.ofPods] : [])),
  };
}

/** Without a value it stays unset, as its author allows. */
function valueOf(variable: EnvVar, wish: ProviderWish, cache: Cache): Found {
  if ('value' in variable) return variable;
  const { from, optional, name } = variable;
  if (from.kind === 'field' || from.kind === 'resource') return ofPod(name, from, wish);
  const kind = from.kind === 'secret' ? 'Secret' : 'ConfigMap';
  const entries = entriesOf(from.kind, from.object, cache);
  const value = entries?.[from.key];
  if (value !== undefined || optional) return { value };
  const where = `${kind} ${from.object.namespace}/${from.object.name}`;
  if (entries === undefined) {
    return { missing: { reason: `${kind}NotFound`, message: `runtime.env ${name}: there is no ${where}. Create it.` } };
  }
  const message = `runtime.env ${name}: ${where} has no entry ${from.key}. Add it.`;
  return { missing: { reason: 'EntryNotFound', message } };
}

/** Where there is no pod, these two are known all the same. */
function ofPod(
  name: string,
  from: { readonly kind: 'field'; readonly path: string } | { readonly kind: 'resource'; readonly resource: string },
  wish: ProviderWish,
): Found {
  if (from.kind === 'field' && from.path === 'metadata.namespace') return { value: wish.namespace };
  if (from.kind === 'field' && from.path === 'metadata.name') return { value: wish.name };
  const what = from.kind === 'field' ? from.path : from.resource;
  return { ofPods: `runtime.env ${name}: ${what} is known of pods only, and there are none here. Write a value.` };
}

export function entriesOf(kind: 'secret' | 'configMap', ref: ObjectRef, cache: Cache): Entries | undefined {
  const object = cache.get(kind === 'secret' ? SECRETS : CONFIG_MAPS, ref);
  if (object === undefined) return undefined;
  const data = (object['data'] ?? {}) as Entries;
  if (kind === 'configMap') return data;
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, textOf(value)]));
}

function textOf(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}
