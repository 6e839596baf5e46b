// The Provider that has the VM, or is to have it.
import { PROVIDERS } from '#crd/resources';
import { invalidSpec } from '#domain/fault';
import type { ObjectRef } from '#domain/object-ref';
import type { KubeObject } from '#kube/object';
import type { CallOptions, ProviderClient } from '#rpc/client';
import { clientAt } from '../providers/ask.ts';
import type { Visit } from '../work/controller.ts';
import { DONE, type Outcome, stuck, wait } from '../work/outcome.ts';
import type { Condition } from '../work/status-draft.ts';
import { ownerOf } from './owner.ts';
import { statusOf } from './status.ts';
import { wishOf } from './wish.ts';

/** Where the VM was made, else where it is to be made. Throws `invalid-spec` where nobody says. */
export function providerOf(visit: Visit): ObjectRef {
  const found = boundProvider(visit) ?? wishOf(visit).vm.provider;
  if (found !== undefined) return found;
  const { name } = visit.object.metadata;
  throw invalidSpec(`VirtualMachine ${name}: spec.providerRef`, 'it names no Provider', 'Set providerRef.name');
}

/** Undefined as long as no VM was asked for. */
export function boundProvider(visit: Visit): ObjectRef | undefined {
  const { providerRef } = statusOf(visit).bound ?? {};
  if (providerRef === undefined) return undefined;
  return { name: providerRef.name, namespace: providerRef.namespace ?? visit.object.metadata.namespace ?? '' };
}

/** Throws `unavailable` where it does not run. */
export function clientOf(visit: Visit, provider: ObjectRef = providerOf(visit)): ProviderClient {
  return clientAt(visit.world, provider);
}

/** Whose VM it is, and until when an answer is wanted. */
export function callOf({ object, status, signal }: Visit): CallOptions {
  return { owner: ownerOf({ metadata: object.metadata, status: status.fields }), signal };
}

export function titleOf({ namespace, name }: ObjectRef): string {
  return `Provider ${namespace}/${name}`;
}

export async function awaitProvider(visit: Visit): Promise<Outcome> {
  const provider = providerOf(visit);
  const outcome = judge(visit, provider);
  if (outcome.kind === 'done') tellOfProvider(visit, provider);
  else visit.status.setCondition('ProviderReady', 'False', outcome.why.reason, outcome.why.message);
  return await Promise.resolve(outcome);
}

/** One that runs and is not well may do for this VM all the same: it is asked. */
function tellOfProvider({ status, world }: Visit, provider: ObjectRef): void {
  const ready = readyOf(world.cache.get(PROVIDERS, provider));
  if (ready?.status === 'False')
    status.setCondition(
      'ProviderReady',
      'False',
      ready.reason,
      `${titleOf(provider)}: ${ready.message.replace(/\.?$/, '.')}`,
    );
  else status.setCondition('ProviderReady', 'True', 'Ready', `${titleOf(provider)} runs.`);
}

function judge({ world }: Visit, provider: ObjectRef): Outcome {
  const title = titleOf(provider);
  const object = world.cache.get(PROVIDERS, provider);
  if (object === undefined) {
    const message = `Provider "${provider.name}" not found in namespace "${provider.namespace}".`;
    return stuck('ProviderNotFound', message);
  }
  if (world.providers.clientOf(provider) !== undefined) return DONE;
  return wait(30, 'ProviderNotReady', `${title} is not ready${whyNot(object)}`);
}

/** In its own words. */
function whyNot(object: KubeObject): string {
  const ready = readyOf(object);
  return ready === undefined || ready.status === 'True' ? ' yet.' : `: ${ready.message}`;
}

function readyOf(provider: KubeObject | undefined): Condition | undefined {
  const { conditions = [] } = (provider?.['status'] ?? {}) as { conditions?: readonly Condition[] };
  return conditions.find(({ type }) => type === 'Ready');
}
