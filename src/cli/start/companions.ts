// What manifests refer to and leave to whoever runs them: the Provider, and the Secret with its credentials.
import { API_VERSION } from '#crd/manifests';
import { PROVIDERS, VIRTUAL_MACHINES } from '#crd/resources';
import { Fault } from '#domain/fault';
import type { KubeApi } from '#kube/api';
import type { KubeObject, ObjectKey } from '#kube/object';
import { type Resource, SECRETS } from '#kube/resource';
import { namespaceOf, type Wanted, type WantedObject } from './manifests.ts';
import type { Pve } from './pve.ts';

/** At what was made here: the next start may change it. */
const MADE_HERE = { 'app.kubernetes.io/managed-by': 'npm-start' };
const SECRET = 'pve-credentials';
const PROVIDER = 'proxmox-prod';

/** Those that `wanted` does not have and the API does not either, or only from here. Throws where there are no credentials. */
export async function companionsOf(wanted: readonly Wanted[], api: KubeApi, pve: Pve): Promise<Wanted[]> {
  const own = (await api.list(PROVIDERS)).items.filter(isMadeHere).map(({ metadata }) => keyText(metadata));
  const named = new Set([...wanted.flatMap(providerNamedBy), ...own]);
  const isHere = wanted.some(({ resource }) => resource === PROVIDERS);
  if (named.size === 0 && !isHere) named.add(keyText({ name: PROVIDER, namespace: 'default' }));
  const providers = await missing([...named].map(keyOf), PROVIDERS, wanted, api);
  const made = providers.map((key) => providerOf(key, pve));
  const secrets = [...new Set([...made, ...wanted].flatMap(secretNamedBy))];
  const lacking = await missing(secrets.map(keyOf), SECRETS, wanted, api);
  return [...lacking.map((key) => secretOf(key, pve)), ...made];
}

async function missing(
  keys: readonly ObjectKey[],
  resource: Resource,
  wanted: readonly Wanted[],
  api: KubeApi,
): Promise<ObjectKey[]> {
  const given = new Set(
    wanted.filter((one) => one.resource === resource).map(({ object }) => keyText(object.metadata)),
  );
  const left = keys.filter((key) => !given.has(keyText(key)));
  const found = await Promise.all(left.map(async (key) => await api.get(resource, key)));
  return left.filter((_, index) => found[index] === undefined || isMadeHere(found[index]));
}

function isMadeHere({ metadata }: KubeObject): boolean {
  return Object.entries(MADE_HERE).every(([name, value]) => metadata.labels?.[name] === value);
}

interface Named {
  readonly name?: string;
  readonly namespace?: string;
}

function providerNamedBy({ resource, object }: Wanted): string[] {
  const { providerRef } = (object['spec'] ?? {}) as { providerRef?: Named };
  return resource === VIRTUAL_MACHINES ? nameIn(providerRef, object) : [];
}

function secretNamedBy({ resource, object }: Wanted): string[] {
  const { credentialSecretRef } = (object['spec'] ?? {}) as { credentialSecretRef?: Named };
  return resource === PROVIDERS ? nameIn(credentialSecretRef, object) : [];
}

function nameIn(named: Named | undefined, from: WantedObject): string[] {
  if (named?.name === undefined) return [];
  return [keyText({ name: named.name, namespace: named.namespace ?? namespaceOf(from) })];
}

function keyText({ name, namespace = 'default' }: ObjectKey): string {
  return `${namespace}/${name}`;
}

function keyOf(text: string): ObjectKey {
  const [namespace = '', name = ''] = text.split('/');
  return { name, namespace };
}

function providerOf({ name, namespace = 'default' }: ObjectKey, { endpoint, settings }: Pve): Wanted {
  const env = Object.entries(settings).map(([variable, value]) => ({ name: variable, value }));
  const spec = {
    type: 'proxmox',
    endpoint,
    credentialSecretRef: { name: SECRET },
    ...(env.length === 0 ? {} : { runtime: { env } }),
  };
  const metadata = { name, namespace, labels: MADE_HERE };
  const object = { apiVersion: API_VERSION, kind: 'Provider', metadata, spec };
  return { title: `Provider ${name}`, resource: PROVIDERS, object };
}

function secretOf({ name, namespace = 'default' }: ObjectKey, { credentials }: Pve): Wanted {
  const title = `Secret ${name}`;
  if (Object.keys(credentials).length === 0) {
    const remedy = 'Set PVE_TOKEN_ID and PVE_TOKEN_SECRET, or PVE_USERNAME and PVE_PASSWORD';
    throw new Fault('precondition', { subject: title, why: 'no credentials are set for Proxmox VE', remedy });
  }
  const data = Object.fromEntries(
    Object.entries(credentials).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
  );
  const metadata = { name, namespace, labels: MADE_HERE };
  const object = { apiVersion: 'v1', kind: 'Secret', metadata, type: 'Opaque', data };
  return { title, resource: SECRETS, object };
}
