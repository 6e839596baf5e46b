// Nothing is written and nobody is asked for anything by a manager that leads no more, however late it hears of that.
import type { KubeApi } from '#kube/api';
import type { Leadership } from '#kube/leader';
import type { Providers } from '../providers/providers.ts';
import type { World } from './controller.ts';

type Reach = Pick<World, 'api' | 'providers'>;

/** The same, each of whose writes and calls of a provider begins only while we lead; throws Error otherwise. */
export function whileLeading({ api, providers }: Reach, leadership: Pick<Leadership, 'leads'> | undefined): Reach {
  if (leadership === undefined) return { api, providers };
  const check = (): void => {
    if (!leadership.leads()) throw new Error('this manager leads no more');
  };
  return { api: checkedApi(api, check), providers: checkedProviders(providers, check) };
}

function checkedApi(api: KubeApi, check: () => void): KubeApi {
  return {
    ...api,
    create: async (...asked) => {
      check();
      return await api.create(...asked);
    },
    patch: async (...asked) => {
      check();
      return await api.patch(...asked);
    },
    delete: async (...asked) => {
      check();
      await api.delete(...asked);
    },
  };
}

function checkedProviders(providers: Providers, check: () => void): Providers {
  return {
    ...providers,
    clientOf: (provider) => {
      check();
      return providers.clientOf(provider);
    },
  };
}
