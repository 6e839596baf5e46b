// After a write, what is known of the object is older than what was written, for a moment. Whoever decides in that moment decides
// on what is no longer so. Therefore a write is over only when the mirror shows it. Versions are compared by equality alone.
import type { Clock } from '#runtime/clock';
import { type KubeObject, keyOf, keyText, type ObjectKey } from './object.ts';

export interface OwnWrites {
  /** Runs a create; resolves with its answer when the object was heard of. */
  creationShown(create: () => Promise<KubeObject>): Promise<KubeObject>;
  /** Runs a patch; resolves with its answer when that was heard of. */
  patchShown(key: ObjectKey, write: () => Promise<KubeObject>): Promise<KubeObject>;
  /** Runs a deletion; resolves when it was heard of, be it that finalizers hold the object still. */
  deletionShown(key: ObjectKey, remove: () => Promise<void>): Promise<void>;
  /** Every object that is heard of, before anybody acts on it. */
  onHeard(object: KubeObject, isGone: boolean): void;
  onListBegun(): void;
  /** Everything that the last list told was heard of. */
  onListed(): void;
  stop(): void;
}

export interface OwnWritesOptions {
  readonly clock: Clock;
  readonly get: (key: ObjectKey) => KubeObject | undefined;
  /** Lists again. */
  readonly refresh: () => void;
}

interface Waiting {
  readonly key: string;
  /** What was heard since the write began. */
  readonly versions: Set<string>;
  readonly goneUids: Set<string>;
  /** Undefined: there is no answer yet. */
  isShown?: () => boolean;
  /** Number of lists that had begun when the answer came: any later one tells of the write. */
  listsBefore: number;
  resolve?: () => void;
}

/**
 * A list that was under way while we wrote may or may not tell of what we wrote, and what it tells is not heard once more. After
 * so long we ask again.
 */
const DOUBTFUL_MS = 10_000;

export function ownWrites({ clock, get, refresh }: OwnWritesOptions): OwnWrites {
  const all = new Set<Waiting>();
  let listsBegun = 0;
  let isStopped = false;

  async function during<T>(key: ObjectKey, act: (waiting: Waiting) => Promise<T>): Promise<T> {
    const version = get(key)?.metadata.resourceVersion;
    const versions = new Set(version === undefined ? [] : [version]);
    const waiting: Waiting = { key: keyText(key), versions, goneUids: new Set(), listsBefore: 0 };
    all.add(waiting);
    try {
      return await act(waiting);
    } finally {
      all.delete(waiting);
    }
  }

  async function untilShown(waiting: Waiting, isShown: () => boolean): Promise<void> {
    if (isStopped || isShown()) return;
    waiting.isShown = isShown;
    waiting.listsBefore = listsBegun;
    const shown = new Promise<void>((resolve) => {
      waiting.resolve = resolve;
    });
    const askAgain = (): void => {
      refresh();
      cancel = clock.after(DOUBTFUL_MS, askAgain);
    };
    let cancel = clock.after(DOUBTFUL_MS, askAgain);
    await shown;
    cancel();
  }

  const check = (): void => {
    for (const { isShown, resolve } of all) if (isShown?.() === true) resolve?.();
  };

  return {
    creationShown: async (create) => {
      const answer = await create();
      const { uid } = answer.metadata;
      const key = keyOf(answer);
      await during(key, async (waiting) => {
        await untilShown(waiting, () => get(key)?.metadata.uid === uid || waiting.goneUids.has(uid));
      });
      return answer;
    },
    patchShown: async (key, write) =>
      await during(key, async (waiting) => {
        const answer = await write();
        const { uid, resourceVersion } = answer.metadata;
        await untilShown(waiting, () => waiting.versions.has(resourceVersion) || waiting.goneUids.has(uid));
        return answer;
      }),
    deletionShown: async (key, remove) => {
      const uid = get(key)?.metadata.uid;
      await during(key, async (waiting) => {
        await remove();
        await untilShown(waiting, () => isGoing(get(key), uid));
      });
    },
    onHeard: (object, isGone) => {
      if (all.size === 0) return;
      const { uid, resourceVersion } = object.metadata;
      const key = keyText(object.metadata);
      for (const waiting of all) {
        if (waiting.key !== key) continue;
        waiting.versions.add(resourceVersion);
        if (isGone) waiting.goneUids.add(uid);
      }
      check();
    },
    onListBegun: () => {
      listsBegun += 1;
    },
    onListed: () => {
      check();
      for (const { isShown, listsBefore, resolve } of all)
        if (isShown !== undefined && listsBefore < listsBegun) resolve?.();
    },
    stop: () => {
      isStopped = true;
      for (const { resolve } of all) resolve?.();
    },
  };
}

function isGoing(object: KubeObject | undefined, uid: string | undefined): boolean {
  return object === undefined || object.metadata.uid !== uid || object.metadata.deletionTimestamp !== undefined;
}
