// An object as `kubectl apply` writes it: what its author leaves out now and said the last time goes, what others have set stays.
// What was said is kept where kubectl keeps it, so that either can go on from the other.
import { isDeepStrictEqual } from 'node:util';
import type { KubeApi, MergePatch, NewObject, WriteOptions } from './api.ts';
import { type KubeObject, keyOf } from './object.ts';
import type { Resource } from './resource.ts';

export type Applied = 'created' | 'configured' | 'unchanged';

type Fields = Readonly<Record<string, unknown>>;

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** @param wanted with its name, and its namespace where its kind is in one */
export async function applyObject(
  api: KubeApi,
  resource: Resource,
  wanted: NewObject,
  options: WriteOptions = {},
): Promise<Applied> {
  const { name = '', namespace } = wanted.metadata;
  const live = await api.get(resource, { name, namespace });
  const said = withLastApplied(wanted);
  if (live === undefined) {
    await api.create(resource, said, options);
    return 'created';
  }
  const patch = threeWay(lastApplied(live), said, live);
  if (patch === undefined) return 'unchanged';
  const guarded = { ...patch, metadata: { ...(patch['metadata'] as Fields), resourceVersion: versionOf(live) } };
  await api.patch(resource, keyOf(live), guarded, options);
  return 'configured';
}

function versionOf({ metadata }: KubeObject): string {
  return metadata.resourceVersion;
}

function withLastApplied(wanted: NewObject): NewObject {
  const { metadata } = wanted;
  const { annotations = {} } = metadata as { annotations?: Fields };
  const plain = { ...wanted, metadata: { ...metadata, annotations } };
  const text = `${JSON.stringify(inOrder(plain))}\n`;
  return {
    ...wanted,
    metadata: { ...metadata, annotations: { ...annotations, [LAST_APPLIED]: text } } as typeof metadata,
  };
}

/** As kubectl writes it, so that the same manifest is the same text. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (!isFields(value)) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(
    entries.toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([key, item]) => [key, inOrder(item)]),
  );
}

function lastApplied({ metadata }: KubeObject): Fields {
  try {
    const said: unknown = JSON.parse(metadata.annotations?.[LAST_APPLIED] ?? '{}');
    return isFields(said) ? said : {};
  } catch {
    return {};
  }
}

/** undefined: nothing is to be changed. */
function threeWay(last: Fields, wanted: Fields, live: Fields): MergePatch | undefined {
  const gone = Object.keys(last).filter((key) => wanted[key] === undefined && live[key] !== undefined);
  const changes = Object.entries(wanted).flatMap(([key, value]) => {
    const change = changeOf(last[key], value, live[key]);
    return change === undefined ? [] : [[key, change] as const];
  });
  if (gone.length + changes.length === 0) return undefined;
  return Object.fromEntries([...gone.map((key) => [key, null] as const), ...changes]);
}

function changeOf(last: unknown, wanted: unknown, live: unknown): unknown {
  if (isFields(wanted) && isFields(live)) return threeWay(isFields(last) ? last : {}, wanted, live);
  return isDeepStrictEqual(wanted, live) ? undefined : wanted;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
