// Makes an object of Kubernetes as it is wished for, and writes nothing where it is so already.
import { createHash } from 'node:crypto';
import { isReason, type KubeApi, type NewObject } from '#kube/api';
import type { KubeObject } from '#kube/object';
import type { Resource } from '#kube/resource';
import type { World } from '../work/controller.ts';
import { mergePatchOf } from '../work/merge-patch.ts';

/** What was wished for when it was last written: quantities come back in other words than they were sent. */
const MARK = 'virtrigaud.io/applied';

type Fields = Readonly<Record<string, unknown>>;

/** What the server adds by itself counts as no difference. */
export async function applyObject({ api, cache }: World, resource: Resource, wish: NewObject): Promise<KubeObject> {
  const { name = '', namespace } = wish.metadata;
  const key = { name, namespace };
  const mark = createHash('sha256').update(JSON.stringify(wish)).digest('hex').slice(0, 16);
  const metadata = { ...wish.metadata, annotations: { [MARK]: mark } };
  const there = cache.get(resource, key) ?? (await createOrGet(api, resource, { ...wish, metadata }));
  const isMarked = there.metadata.annotations?.[MARK] === mark;
  if (isMarked && holds(withoutResources(wish['spec']), withoutResources(there['spec']))) return there;
  const spec = withoutRemovals(mergePatchOf(there['spec'] as Fields, wish['spec'] as Fields) ?? {});
  return await api.patch(resource, key, { metadata, spec });
}

/** What the server has given at the top (a Service's address, a strategy) stays; deeper down what is not wished for goes. */
function withoutRemovals(spec: Fields): Fields {
  return Object.fromEntries(Object.entries(spec).filter(([, value]) => value !== null));
}

/** One that has just been made may not be seen in the cache yet. */
async function createOrGet(api: KubeApi, resource: Resource, object: NewObject): Promise<KubeObject> {
  try {
    return await api.create(resource, object);
  } catch (error) {
    const { name = '', namespace } = object.metadata;
    const there = isReason(error, 'AlreadyExists') ? await api.get(resource, { name, namespace }) : undefined;
    if (there === undefined) throw error;
    return there;
  }
}

/** Whether everything that is wished for is there. Servers leave out what is empty. */
function holds(wish: unknown, there: unknown): boolean {
  if (there === undefined && isEmpty(wish)) return true;
  if (Array.isArray(wish)) {
    return Array.isArray(there) && wish.length === there.length && wish.every((one, index) => holds(one, there[index]));
  }
  if (typeof wish !== 'object' || wish === null) return wish === there;
  if (typeof there !== 'object' || there === null) return false;
  return Object.entries(wish).every(([field, value]) => holds(value, (there as Fields)[field]));
}

function isEmpty(wish: unknown): boolean {
  if (typeof wish === 'object' && wish !== null) return Object.keys(wish).length === 0;
  return wish === '' || wish === 0 || wish === false;
}

function withoutResources(spec: unknown): unknown {
  return JSON.parse(JSON.stringify(spec, (field, value: unknown) => (field === 'resources' ? undefined : value)));
}
