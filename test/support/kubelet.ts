// What a kubelet makes of a pod: the variables, arguments and mounted files of its container, and word that it is ready.
import type { KubeApi } from '#kube/api';
import { type KubeObject, keyOf } from '#kube/object';
import { CONFIG_MAPS, type Resource, SECRETS } from '#kube/resource';

const PODS: Resource = { group: '', version: 'v1', plural: 'pods', kind: 'Pod' };

export interface Container {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** By path. */
  readonly files: Readonly<Record<string, string>>;
}

interface PodSpec {
  readonly containers: readonly {
    readonly args: readonly string[];
    readonly env: readonly Variable[];
    readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  }[];
  readonly volumes: readonly {
    readonly name: string;
    readonly secret?: {
      readonly secretName: string;
      readonly items?: readonly { readonly key: string; readonly path: string }[];
    };
  }[];
}

interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: {
    readonly fieldRef?: { readonly fieldPath: string };
    readonly secretKeyRef?: Entry;
    readonly configMapKeyRef?: Entry;
  };
}

interface Entry {
  readonly name: string;
  readonly key: string;
}

/** Those that nobody has deleted. */
export async function podsOf(api: KubeApi, labelSelector: string): Promise<readonly KubeObject[]> {
  const { items } = await api.list(PODS, 'default', { labelSelector });
  return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}

export async function containerOf(api: KubeApi, pod: KubeObject): Promise<Container> {
  const { containers, volumes } = pod['spec'] as PodSpec;
  const [{ args, env, volumeMounts } = { args: [], env: [], volumeMounts: [] }] = containers;
  const files: Record<string, string> = {};
  for (const { name, mountPath } of volumeMounts) {
    const secret = volumes.find((volume) => volume.name === name)?.secret;
    // Service accounts' tokens and empty folders are none of the program's concern.
    if (secret === undefined) continue;
    const data = await entriesOf(api, SECRETS, secret.secretName);
    const items = secret.items ?? Object.keys(data).map((key) => ({ key, path: key }));
    for (const { key, path } of items) files[`${mountPath}/${path}`] = text(data[key]);
  }
  const values = await Promise.all(env.map(async (variable) => [variable.name, await valueOf(api, pod, variable)]));
  return { args, files, env: Object.fromEntries(values) as Readonly<Record<string, string>> };
}

async function valueOf(api: KubeApi, pod: KubeObject, { value = '', valueFrom }: Variable): Promise<string> {
  if (valueFrom === undefined) return value;
  const { fieldRef, secretKeyRef, configMapKeyRef } = valueFrom;
  if (secretKeyRef) return text((await entriesOf(api, SECRETS, secretKeyRef.name))[secretKeyRef.key]);
  if (configMapKeyRef) return (await entriesOf(api, CONFIG_MAPS, configMapKeyRef.name))[configMapKeyRef.key] ?? '';
  const [, label = ''] = /^metadata\.labels\['(.*)'\]$/.exec(fieldRef?.fieldPath ?? '') ?? [];
  return label === '' ? (pod.metadata.namespace ?? '') : (pod.metadata.labels?.[label] ?? '');
}

async function entriesOf(api: KubeApi, resource: Resource, name: string): Promise<Readonly<Record<string, string>>> {
  const object = await api.get(resource, { namespace: 'default', name });
  return (object?.['data'] ?? {}) as Readonly<Record<string, string>>;
}

function text(base64 = ''): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}

export async function tellReady(api: KubeApi, pod: KubeObject): Promise<void> {
  const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
  await api.patch(PODS, keyOf(pod), { status }, { subresource: 'status' });
}
