// A user of an API that is killed again and again: whoever asks does so until there is an answer, and sees what a watch tells.
import { GROUP, VERSION } from '#crd/manifests';
import { kinds } from '#crd/kinds';
import { VIRTUAL_MACHINES, VM_CLONES, VM_SNAPSHOTS } from '#crd/resources';
import { isReason, type KubeApi, type NewObject } from '#kube/api';
import { connectKube } from '#kube/connect';
import { createInformers } from '#kube/informers';
import type { KubeObject } from '#kube/object';
import { type Resource, SECRETS } from '#kube/resource';
import { createClock } from '#runtime/clock';
import { createLogger } from '#runtime/log';
import { mergePatchOf } from '#manager/work/merge-patch';
import { setTimeout as wait } from 'node:timers/promises';
import { parseAllDocuments } from 'yaml';
import { type Seen, seenOf } from './manager-flow.ts';
import { isReady } from './vm-manifests.ts';

export interface KubeUser {
  readonly api: KubeApi;
  /** As `kubectl apply` does it. */
  apply(yaml: string): Promise<void>;
  delete(kind: string, name: string): Promise<void>;
  /** By what the watch has told. */
  object(kind: string, name: string): Seen | undefined;
  list(kind: string): readonly Seen[];
  until(kind: string, name: string, isEnough: (object: Seen) => boolean): Promise<Seen>;
  /** Ready, with what was applied last. */
  untilReady(kind: string, name: string): Promise<Seen>;
  untilGone(kind: string, name: string): Promise<void>;
  /** Told of every change of what is watched: VirtualMachines, VMSnapshots and VMClones. */
  onChange(listener: () => void): void;
  close(): Promise<void>;
}

const NAMESPACE = 'default';

const RESOURCES: readonly Resource[] = kinds.map(({ kind, plural }) => ({
  group: GROUP,
  version: VERSION,
  plural,
  kind,
}));
/** Those whose fate is waited for. */
const WATCHED = [VIRTUAL_MACHINES, VM_SNAPSHOTS, VM_CLONES];
const LOOK_MS = 30;

/** The server has to be there when it begins. @param patienceMs real ms, for whatever is waited for */
export async function startKubeUser(kubeconfig: string, patienceMs: number): Promise<KubeUser> {
  const api = await connectKube({ kubeconfig });
  // Whoever comes back is asked soon.
  const clock = createClock({ factor: 5 });
  const informers = createInformers(api, { clock, log: createLogger({ write: () => undefined }) });
  for (const resource of WATCHED) informers.watch(resource);
  await informers.synced();
  const applied = new Map<string, Applied>();
  const object: KubeUser['object'] = (kind, name) => {
    const found = informers.get(resourceOf(kind), { name, namespace: NAMESPACE });
    return found === undefined ? undefined : seenOf(found);
  };
  const poll = async (what: string, look: () => Seen | undefined, isEnough: (seen: Seen | undefined) => boolean) => {
    const end = Date.now() + patienceMs;
    for (;;) {
      const seen = look();
      if (isEnough(seen)) return seen;
      if (Date.now() > end) throw new Error(`${what} is not what was waited for: ${JSON.stringify(seen, null, 1)}`);
      await wait(LOOK_MS);
    }
  };
  const until: KubeUser['until'] = async (kind, name, isEnough) => {
    const look = (): Seen | undefined => object(kind, name);
    return seenOf(await poll(`${kind} ${name}`, look, (seen) => seen !== undefined && isEnough(seen)));
  };
  return {
    api,
    apply: async (yaml) => {
      for (const document of parseAllDocuments(yaml)) {
        const wanted = document.toJS() as NewObject | null;
        if (wanted !== null) await answered(async () => await applyOne(api, wanted, applied));
      }
    },
    delete: async (kind, name) =>
      await answered(async () => await api.delete(resourceOf(kind), { name, namespace: NAMESPACE })),
    object,
    list: (kind) => informers.list(resourceOf(kind)).map(seenOf),
    until,
    untilReady: async (kind, name) => {
      const { uid, generation = 0 } = applied.get(`${kind}/${name}`)?.object.metadata ?? {};
      const isOfLast = ({ metadata, status }: Seen): boolean =>
        status['observedGeneration'] === metadata.generation && (metadata.generation ?? 0) >= generation;
      const isOther = ({ metadata }: Seen): boolean => uid !== undefined && metadata.uid !== uid;
      return await until(kind, name, (seen) => !isOther(seen) && isReady(seen) && isOfLast(seen) && !isBehind(seen));
    },
    untilGone: async (kind, name) =>
      void (await poll(
        `${kind} ${name}`,
        () => object(kind, name),
        (seen) => seen === undefined,
      )),
    onChange: (listener) => WATCHED.forEach((resource) => informers.onChange(resource, listener)),
    close: async () => {
      await informers.stop();
      api.close();
    },
  };
}

interface Applied {
  readonly wanted: NewObject;
  /** As the server answered. */
  readonly object: KubeObject;
}

function isBehind(seen: Seen): boolean {
  return seen.condition('UpToDate').startsWith('False');
}

function resourceOf(kind: string): Resource {
  const found = [...RESOURCES, SECRETS].find((one) => one.kind === kind);
  if (found === undefined) throw new Error(`${kind} is no kind that is known here`);
  return found;
}

/** What has had no answer is asked for again. */
async function answered<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!isReason(error, 'Unreachable')) throw error;
      await wait(LOOK_MS);
    }
  }
}

async function applyOne(api: KubeApi, wanted: NewObject, applied: Map<string, Applied>): Promise<void> {
  const resource = resourceOf(wanted.kind);
  const { name = '' } = wanted.metadata;
  const key = `${wanted.kind}/${name}`;
  const full = { ...wanted, metadata: { ...wanted.metadata, namespace: NAMESPACE } };
  const before = applied.get(key)?.wanted ?? full;
  const create = async (): Promise<KubeObject> => await api.create(resource, full);
  applied.set(key, { wanted: full, object: await create().catch(orPatch(api, resource, before, full)) });
}

/** What only the server has stays, as with kubectl. An answer that was lost leads here too. */
function orPatch(api: KubeApi, resource: Resource, before: NewObject, after: NewObject) {
  return async (error: unknown): Promise<KubeObject> => {
    if (!isReason(error, 'AlreadyExists')) throw error;
    const { name = '', namespace } = after.metadata;
    const patch = { ...after, ...mergePatchOf(before, after), metadata: after.metadata };
    return await api.patch(resource, { name, namespace }, patch);
  };
}
