// Whom to ask: the client of a Provider that runs, or why there is none, with what to do about it.
import { PROVIDERS } from '#crd/resources';
import { Fault } from '#domain/fault';
import type { ObjectRef } from '#domain/object-ref';
import type { Cache } from '#kube/cache';
import type { KubeObject } from '#kube/object';
import type { ProviderClient } from '#rpc/client';
import type { World } from '../work/controller.ts';
import { type Outcome, stuck, wait } from '../work/outcome.ts';
import type { Condition } from '../work/status-draft.ts';

/** At an object that is being deleted: it goes without asking anybody. */
const FORCE = 'virtrigaud.io/force-delete';

export function isForced({ metadata }: KubeObject): boolean {
  return metadata.annotations?.[FORCE] === 'true';
}

function providerTitle({ namespace, name }: ObjectRef): string {
  return `Provider ${namespace}/${name}`;
}

/** Throws `unavailable`, in the Provider's own words, where it does not run. */
export function clientAt({ cache, providers }: World, provider: ObjectRef): ProviderClient {
  const client = providers.clientOf(provider);
  if (client !== undefined) return client;
  throw new Fault('unavailable', { subject: providerTitle(provider), why: whyNotRunning(cache, provider) });
}

function whyNotRunning(cache: Cache, provider: ObjectRef): string {
  const object = cache.get(PROVIDERS, provider);
  if (object === undefined) return 'there is no such Provider';
  const { conditions = [] } = (object['status'] ?? {}) as { conditions?: readonly Condition[] };
  const runtime = conditions.find(({ type }) => type === 'ProviderRuntimeReady');
  return runtime?.status === 'False' ? `it does not run: ${runtime.message.replace(/\.$/, '')}` : 'it does not run yet';
}

/** Why nobody can be asked to delete `what`, and what to do; undefined: somebody can. */
export function whyUndeletable(
  { cache, providers }: World,
  provider: ObjectRef | undefined,
  what: string,
): Outcome | undefined {
  if (provider === undefined)
    return stuck('ProviderUnknown', `Nobody knows which Provider has ${what}. ${upper(orLeave(what))}`);
  const title = `${providerTitle(provider)}, which has ${what}`;
  if (cache.get(PROVIDERS, provider) === undefined) {
    return stuck('ProviderNotFound', `${title}, does not exist. Create it again, or ${orLeave(what)}`);
  }
  if (providers.clientOf(provider) !== undefined) return undefined;
  return wait(
    10,
    'ProviderNotReady',
    `${title}: ${whyNotRunning(cache, provider)}. Set that right, or ${orLeave(what)}`,
  );
}

/** The last resort, as the end of a sentence. */
export function orLeave(what: string): string {
  return `set the annotation ${FORCE}: "true" to let go of ${what}, which then stays where it is.`;
}

function upper(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
