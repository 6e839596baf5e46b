// An image that has to be fetched becomes a template at each Provider whose VMs want it. The provider knows its templates:
// whoever asks a second time gets the first one.
import { PROVIDERS } from '#crd/resources';
import type { VmImageStatus } from '#crd/vm-image/status';
import { Fault } from '#domain/fault';
import type { ObjectRef } from '#domain/object-ref';
import type { ProviderClient } from '#rpc/client';
import { clientAt } from '../providers/ask.ts';
import { STUCK } from '../work/back-off.ts';
import type { Visit, World } from '../work/controller.ts';
import { passes } from '../work/fault-outcome.ts';
import { type AtProvider, isOfPlace, providerKey } from './at-provider.ts';
import { announceTemplate, rememberTemplate, withdrawTemplate } from './templates.ts';

/** How it goes with an image at one Provider. */
export type Preparation = 'ready' | 'announced' | 'under-way' | 'passing-trouble' | 'missing' | 'refused';

/** A template that is there is asked for again so rarely. */
const LASTS_MS = 600_000;
/** What takes longer becomes a task, and keeps no worker. */
const PREPARE_MS = 60_000;
/** What is wrong with the request itself is found before anything is begun. */
const LEAVES_NOTHING: readonly Fault['kind'][] = ['invalid-spec', 'unsupported', 'not-found'];

/** Asks for the template, or after it, and writes into the status what there is. */
export async function prepareAt(visit: Visit, provider: ObjectRef): Promise<Preparation> {
  const status = visit.status.fields as VmImageStatus;
  const key = providerKey(provider);
  const told = status.providerStatus?.[key] ?? { available: false };
  const known = isOfPlace(told, visit.world.providers.endpointOf(provider)) ? told : { available: false };
  const [next, preparation] = await advance(visit, provider, known);
  status.providerStatus = { ...status.providerStatus, [key]: next };
  if (!known.available && next.available) {
    visit.tell(
      'Normal',
      'Imported',
      `VMImage ${visit.object.metadata.name} is template ${next.id} on Provider ${key}.`,
    );
  }
  return preparation;
}

async function advance(visit: Visit, provider: ObjectRef, known: AtProvider): Promise<[AtProvider, Preparation]> {
  const client = visit.world.providers.clientOf(provider);
  if (client === undefined) {
    return [{ ...known, message: `Provider ${providerKey(provider)} is not ready.` }, 'passing-trouble'];
  }
  if (known.available && !isOld(visit, known)) return [known, 'ready'];
  // Others may have news of the image meanwhile, or of its VMs.
  if (isResting(visit, provider, known)) return [known, 'refused'];
  const asked = JSON.stringify(visit.object['spec']);
  try {
    if (known.taskRef !== undefined) {
      const outcome = await followTask(visit, provider, known, known.taskRef);
      if (outcome !== undefined) return outcome;
    }
    const isThere = known.available && (await isTemplate(visit, client, known.id));
    // Written down before it is asked for, so that a deletion knows that there may be a template.
    if (!isThere && announceTemplate(visit, provider, asked)) {
      return [{ ...known, available: false, message: waitingWords(visit) }, 'announced'];
    }
    return await ask(visit, provider, client, asked);
  } catch (error) {
    if (!(error instanceof Fault) || visit.signal.aborted) throw error;
    // What is there stays there while nobody can be asked.
    if (passes(error)) return [{ ...known, message: error.message }, known.available ? 'ready' : 'passing-trouble'];
    if (LEAVES_NOTHING.includes(error.kind)) withdrawTemplate(visit, provider, asked);
    if (error.kind === 'not-found') return [{ available: false, message: error.message }, 'missing'];
    return refused(visit, provider, known, error.message);
  }
}

/** Asked again later each time, or when the Provider has become another. */
function refused(
  { world }: Visit,
  provider: ObjectRef,
  { failures = 0 }: AtProvider,
  message: string,
): [AtProvider, Preparation] {
  const lastUpdated = new Date(world.clock.realNow()).toISOString();
  const providerGeneration = generationOf(world, provider);
  return [{ available: false, message, failures: failures + 1, lastUpdated, providerGeneration }, 'refused'];
}

/** A visit that comes by its own back-off is not in vain. */
const REST_SHARE = 0.8;

function isResting({ world }: Visit, provider: ObjectRef, known: AtProvider): boolean {
  const { failures, lastUpdated, providerGeneration } = known;
  if (failures === undefined || providerGeneration !== generationOf(world, provider)) return false;
  const age = (world.clock.realNow() - Date.parse(lastUpdated ?? '')) * world.clock.factor;
  return age < REST_SHARE * Math.min(STUCK.toMs, STUCK.fromMs * 2 ** (failures - 1));
}

function generationOf({ cache }: World, provider: ObjectRef): number | undefined {
  return cache.get(PROVIDERS, provider)?.metadata.generation;
}

function isOld({ world }: Visit, { lastUpdated }: AtProvider): boolean {
  const age = (world.clock.realNow() - Date.parse(lastUpdated ?? '')) * world.clock.factor;
  return !(age < LASTS_MS);
}

/** undefined: it has ended well. */
async function followTask(
  visit: Visit,
  provider: ObjectRef,
  known: AtProvider,
  id: string,
): Promise<[AtProvider, Preparation] | undefined> {
  const { done, error } = await clientAt(visit.world, provider).taskStatus({ task: { id } }, { signal: visit.signal });
  if (error !== '') return refused(visit, provider, known, error);
  return done ? undefined : [{ ...known, message: waitingWords(visit) }, 'under-way'];
}

/** Whether the answer will be what is known already. */
async function isTemplate({ signal }: Visit, client: ProviderClient, id = ''): Promise<boolean> {
  try {
    const { exists, providerRawJson } = await client.describe({ id }, { signal });
    return exists && (JSON.parse(providerRawJson) as { template?: string }).template === 'true';
  } catch (error) {
    // Such as of a node that is down: the next request tells.
    if (error instanceof Fault && error.kind === 'precondition') return true;
    throw error;
  }
}

function waitingWords({ object }: Visit): string {
  return `VMImage ${object.metadata.name} is being imported.`;
}

async function ask(
  visit: Visit,
  provider: ObjectRef,
  client: ProviderClient,
  asked: string,
): Promise<[AtProvider, Preparation]> {
  const endpoint = visit.world.providers.endpointOf(provider);
  const place = endpoint === undefined ? {} : { endpoint };
  const options = { signal: visit.signal, deadlineMs: PREPARE_MS };
  const {
    preparedImageId: id,
    preparedImagePath: path,
    task,
  } = await client.imagePrepare({ imageJson: asked, targetName: visit.object.metadata.name, storageHint: '' }, options);
  rememberTemplate(visit, provider, id);
  withdrawTemplate(visit, provider, asked);
  if (task !== undefined) {
    return [{ available: false, message: waitingWords(visit), taskRef: task.id, ...place }, 'under-way'];
  }
  const lastUpdated = new Date(visit.world.clock.realNow()).toISOString();
  return [{ available: true, id, lastUpdated, ...place, ...(path === '' ? {} : { path }) }, 'ready'];
}
