// A manager that is cut off from its API right after a write of it: as if its process had ended there.
import { type KubeApi, KubeApiError } from '#kube/api';
import type { Resource } from '#kube/resource';

export interface WriteMoments {
  /** The API of one manager. */
  readonly wrap: (api: KubeApi) => KubeApi;
  /** After the nth write from now on (Events do not count) that manager writes no more, and `act` is called. @returns whether it has come */
  atWrite(nth: number, act: () => void): () => boolean;
  /** What has not come is not waited for any more. */
  clear(): void;
}

export function createWriteMoments(): WriteMoments {
  let toPass = 0;
  let armed: (() => void) | undefined;
  return {
    wrap: (api) => {
      let isDead = false;
      const written = async <T>(resource: Resource, write: () => Promise<T>): Promise<T> => {
        if (isDead) throw new KubeApiError({ code: 0, reason: 'Unreachable', message: 'the process has ended' });
        const result = await write();
        if (armed === undefined || resource.kind === 'Event' || (toPass -= 1) > 0) return result;
        isDead = true;
        const act = armed;
        armed = undefined;
        act();
        return result;
      };
      return {
        ...api,
        create: async (resource, object) => await written(resource, async () => await api.create(resource, object)),
        patch: async (resource, key, patch, how) =>
          await written(resource, async () => await api.patch(resource, key, patch, how)),
        delete: async (resource, key, how) => await written(resource, async () => await api.delete(resource, key, how)),
      };
    },
    atWrite: (nth, act) => {
      let hasCome = false;
      toPass = nth;
      armed = () => {
        hasCome = true;
        act();
      };
      return () => hasCome;
    },
    clear: () => {
      armed = undefined;
    },
  };
}
