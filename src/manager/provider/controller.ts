// The Provider: what it takes to run it, whether it is well, and what it can do.
import { PROVIDERS, VIRTUAL_MACHINES, VM_CLONES, VM_IMAGES } from '#crd/resources';
import type { Cache } from '#kube/cache';
import { type KubeObject, keyOf, type ObjectKey } from '#kube/object';
import { CONFIG_MAPS, SECRETS } from '#kube/resource';
import type { Clock } from '#runtime/clock';
import type { Concern, Controller } from '../work/controller.ts';
import { learnCapabilities } from './capabilities.ts';
import { lookForCredentials } from './credentials.ts';
import { watchHealth } from './health.ts';
import { endIt, stayWhileUsed } from './let-go.ts';
import { reportReady } from './report.ts';
import { bringUp } from './run.ts';
import type { ProviderRunner } from './runner.ts';

export interface ProviderControllerOptions {
  readonly runner: ProviderRunner;
  readonly clock: Clock;
}

export function providerController({ runner, clock }: ProviderControllerOptions): Controller {
  const keepRunning = [lookForCredentials, bringUp(runner), learnCapabilities(clock), watchHealth(clock)];
  return {
    resource: PROVIDERS,
    concerns: [...SUPPLIES, ...USERS, ...runner.concerns],
    finalizer: 'provider.infra.virtrigaud.io/finalizer',
    phases: [...keepRunning, reportReady],
    deletion: [stayWhileUsed(keepRunning), endIt(runner)],
  };
}

/** What it is given: whoever names the object has to look at it again. */
const SUPPLIES: readonly Concern[] = [SECRETS, CONFIG_MAPS].map((resource) => ({
  resource,
  whom: (changed, cache) =>
    cache
      .list(PROVIDERS)
      .filter((provider) => names(provider, changed))
      .map(keyOf),
}));

/** Who needs it: when one is gone, a Provider that is being deleted may be free to go. */
const USERS: readonly Concern[] = [VIRTUAL_MACHINES, VM_CLONES, VM_IMAGES].map((resource) => ({
  resource,
  matters: (next) => next === undefined,
  whom: (_gone, cache) => beingDeleted(cache),
}));

function beingDeleted(cache: Cache): readonly ObjectKey[] {
  return cache
    .list(PROVIDERS)
    .filter(({ metadata }) => metadata.deletionTimestamp !== undefined)
    .map(keyOf);
}

/** Anywhere in its spec, within the namespace or by it: one visit too many does no harm. */
function names(provider: KubeObject, { metadata }: KubeObject): boolean {
  const text = JSON.stringify(provider['spec']);
  return text.includes(`"name":${JSON.stringify(metadata.name)}`);
}
