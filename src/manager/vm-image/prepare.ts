// An image that has to be fetched becomes a template at each Provider whose VMs want it. The provider knows its templates:
// whoever asks a second time gets the first one.
import type { VmImageStatus } from '#crd/vm-image/status';
import { Fault } from '#domain/fault';
import type { ObjectRef } from '#domain/object-ref';
import type { ProviderClient } from '#rpc/client';
import type { Visit } from '../work/controller.ts';
import { passes } from '../work/fault-outcome.ts';
import { type AtProvider, providerKey } from './at-provider.ts';
import { rememberTemplate } from './templates.ts';

/** How it goes with an image at one Provider. */
export type Preparation = 'ready' | 'under-way' | 'passing-trouble' | 'refused';

/** A template that is there is asked for again so rarely. */
const LASTS_MS = 600_000;
/** What takes longer becomes a task, and keeps no worker. */
const PREPARE_MS = 60_000;

/** Asks for the template, or after it, and writes into the status what there is. */
export async function prepareAt(visit: Visit, provider: ObjectRef): Promise<Preparation> {
  const status = visit.status.fields as VmImageStatus;
  const key = providerKey(provider);
  const known = status.providerStatus?.[key] ?? { available: false };
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
  try {
    return await ask(visit, provider, client, known);
  } catch (error) {
    if (!(error instanceof Fault) || visit.signal.aborted) throw error;
    // What is there stays there while nobody can be asked.
    if (passes(error)) return [{ ...known, message: error.message }, known.available ? 'ready' : 'passing-trouble'];
    return [{ available: false, message: error.message }, 'refused'];
  }
}

function isOld({ world }: Visit, { lastUpdated }: AtProvider): boolean {
  const age = (world.clock.realNow() - Date.parse(lastUpdated ?? '')) * world.clock.factor;
  return !(age < LASTS_MS);
}

async function ask(
  visit: Visit,
  provider: ObjectRef,
  client: ProviderClient,
  known: AtProvider,
): Promise<[AtProvider, Preparation]> {
  const { name } = visit.object.metadata;
  const { signal } = visit;
  const waiting = `VMImage ${name} is being imported.`;
  if (known.taskRef !== undefined) {
    const { done, error } = await client.taskStatus({ task: { id: known.taskRef } }, { signal });
    if (error !== '') return [{ available: false, message: error }, 'refused'];
    if (!done) return [{ ...known, message: waiting }, 'under-way'];
  }
  const request = { imageJson: JSON.stringify(visit.object['spec']), targetName: name, storageHint: '' };
  const answer = await client.imagePrepare(request, { signal, deadlineMs: PREPARE_MS });
  const { preparedImageId: id, preparedImagePath: path, task } = answer;
  rememberTemplate(visit, provider, id);
  if (task !== undefined) return [{ available: false, message: waiting, taskRef: task.id }, 'under-way'];
  const lastUpdated = new Date(visit.world.clock.realNow()).toISOString();
  return [{ available: true, id, lastUpdated, ...(path === '' ? {} : { path }) }, 'ready'];
}
