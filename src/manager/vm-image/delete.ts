// The object is on its way out. It stays as long as VirtualMachines refer to it; then the templates go that were made of it,
// which the provider refuses as long as linked clones grow from them.
import { VIRTUAL_MACHINES, VM_IMAGES } from '#crd/resources';
import { normaliseImage } from '#crd/vm-image/normalise';
import { Fault } from '#domain/fault';
import type { ObjectRef } from '#domain/object-ref';
import type { CallOptions, ProviderClient } from '#rpc/client';
import { clientAt, isForced, orLeave, whyUndeletable } from '../providers/ask.ts';
import { isSamePlace, placeWords } from '../providers/place.ts';
import type { Visit } from '../work/controller.ts';
import { manifestOf } from '../work/manifest-of.ts';
import { DONE, type Outcome, stuck, wait } from '../work/outcome.ts';
import { forgetTemplate, isSharedWith, rememberTemplate, type Template, templatesOf } from './templates.ts';
import { wants } from './wanted.ts';

/** So many are named. */
const NAMED = 5;
/** What takes longer becomes a task, whose answer has the id too. */
const LEARN_MS = 15_000;
/** The next call goes on from where one was cut off. */
const DELETE_MS = 60_000;

export async function stayWhileUsed({ object, world }: Visit): Promise<Outcome> {
  const names = world.cache
    .list(VIRTUAL_MACHINES)
    .filter((vm) => wants(vm, object))
    .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
    .toSorted();
  if (names.length === 0 || isForced(object)) return await Promise.resolve(DONE);
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  return wait(60, 'InUse', `It is kept for VirtualMachine ${names.slice(0, NAMED).join(', ')}${more}.`);
}

/** Until none is left: when one is gone, others may come to be known. */
export async function deleteTemplates(visit: Visit): Promise<Outcome> {
  for (;;) {
    const [template] = templatesOf(visit.status.fields);
    if (template === undefined) return DONE;
    const outcome = isForced(visit.object) ? abandon(visit, template) : await deleteTemplate(visit, template);
    if (outcome.kind !== 'done') return outcome;
    forgetTemplate(visit, template);
  }
}

function abandon(visit: Visit, template: Template): Outcome {
  visit.tell('Warning', 'Abandoned', `Let go as asked for: ${titleOf(template)} stays.`);
  return DONE;
}

function titleOf({ id, provider }: Template): string {
  return `${id === undefined ? 'template that was being made' : `template ${id}`} on Provider ${provider}`;
}

async function deleteTemplate(visit: Visit, template: Template): Promise<Outcome> {
  const { world, object } = visit;
  if (isKeptByAnother(visit, template)) return DONE;
  const provider = providerOf(template);
  const what = template.id === undefined ? 'a template that was being made' : `template ${template.id}`;
  const trouble = whyUndeletable(world, provider, what);
  if (trouble !== undefined) return trouble;
  const client = clientAt(world, provider);
  // VMs of VirtualMachines are known by a uid: with another one nobody touches them, whatever id they have got.
  const options = { owner: { uid: object.metadata.uid }, signal: visit.signal };
  const place = world.providers.endpointOf(provider);
  if (!isSamePlace(template.endpoint, place)) {
    const message = `${upper(what)} ${placeWords(template.endpoint, place)}. Set the Provider's endpoint back, or ${orLeave('it')}`;
    return stuck('ProviderReplaced', message);
  }
  const id = template.id ?? (await learnId(visit, template.asked, client));
  const known = { provider: template.provider, id: id ?? '' };
  if (id === undefined || isKeptByAnother(visit, known)) return DONE;
  const outcome = await destroy(visit, known, { client, options });
  if (outcome.kind === 'done') await learnOfOthers(visit, known, client);
  return outcome;
}

/** An image may have a template on each of several nodes, of which one is told. */
async function learnOfOthers(visit: Visit, gone: Known, client: ProviderClient): Promise<void> {
  if (!isOnSeveralNodes(visit)) return;
  const id = await learnId(visit, JSON.stringify(visit.object['spec']), client);
  if (id !== undefined && id !== gone.id) rememberTemplate(visit, providerOf(gone), id);
}

function isKeptByAnother(visit: Visit, template: Template): boolean {
  const { uid } = visit.object.metadata;
  const images = visit.world.cache.list(VM_IMAGES);
  const other = images.find((one) => one.metadata.uid !== uid && isSharedWith(one, template));
  if (other === undefined) return false;
  const { namespace, name } = other.metadata;
  visit.tell('Normal', 'Kept', `VMImage ${namespace}/${name} has ${titleOf(template)} too: it stays.`);
  return true;
}

/** As its spec is now; what it merely names is nobody's to delete. */
function isOnSeveralNodes({ object }: Visit): boolean {
  try {
    const found = normaliseImage(manifestOf(object));
    return found.kind === 'fetched' && found.image.nodes !== undefined;
  } catch (error) {
    if (error instanceof Fault) return false;
    throw error;
  }
}

/** Asks for what is there of a spec, and for nothing new. undefined: there is nothing. */
async function learnId(visit: Visit, asked = '{}', client: ProviderClient): Promise<string | undefined> {
  const spec = JSON.parse(asked) as { readonly prepare?: object };
  const imageJson = JSON.stringify({ ...spec, prepare: { ...spec.prepare, onMissing: 'Fail' } });
  const request = { imageJson, targetName: visit.object.metadata.name, storageHint: '' };
  try {
    return (await client.imagePrepare(request, { signal: visit.signal, deadlineMs: LEARN_MS })).preparedImageId;
  } catch (error) {
    if (error instanceof Fault && ['not-found', 'invalid-spec', 'unsupported'].includes(error.kind)) return undefined;
    throw error;
  }
}

interface Known {
  readonly provider: string;
  readonly id: string;
}

interface Asking {
  readonly client: ProviderClient;
  readonly options: CallOptions;
}

async function destroy(visit: Visit, template: Known, { client, options }: Asking): Promise<Outcome> {
  const { id } = template;
  try {
    if (await isAnother(client, id, visit.signal)) {
      visit.tell('Warning', 'Kept', `VM ${id} is no template any more: it stays.`);
      return DONE;
    }
    const { task } = await client.delete({ id }, { ...options, deadlineMs: DELETE_MS });
    if (task !== undefined) return wait(2, 'Deleting', `The ${titleOf(template)} is being deleted.`);
  } catch (error) {
    if (!(error instanceof Fault) || error.kind !== 'not-found') throw error;
  }
  visit.tell('Normal', 'Deleted', `The ${titleOf(template)} is gone.`);
  return DONE;
}

/**
 * Whether a finished VM has its id, whoever owns it: somebody has deleted the template, and made that one. A refusal says
 * nothing: its node may be down.
 */
async function isAnother(client: ProviderClient, id: string, signal: AbortSignal): Promise<boolean> {
  try {
    const { exists, providerRawJson } = await client.describe({ id }, { signal });
    return exists && (JSON.parse(providerRawJson) as { template?: string }).template !== 'true';
  } catch (error) {
    // Still being made.
    if (error instanceof Fault && error.kind === 'busy') return false;
    throw error;
  }
}

function upper(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function providerOf({ provider }: Template): ObjectRef {
  const [namespace = '', name = ''] = provider.split('/');
  return { namespace, name };
}
