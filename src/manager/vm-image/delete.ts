// The object is on its way out. It stays as long as VirtualMachines refer to it; then the templates go that were made of it,
// which the provider refuses as long as linked clones grow from them.
import { PROVIDERS, VIRTUAL_MACHINES, VM_IMAGES } from '#crd/resources';
import type { ObjectRef } from '#domain/object-ref';
import { Fault } from '#domain/fault';
import type { ProviderClient } from '#rpc/client';
import type { Visit } from '../work/controller.ts';
import { DONE, type Outcome, stuck, wait } from '../work/outcome.ts';
import { forgetTemplate, isSharedWith, type Template, templatesOf } from './templates.ts';
import { wants } from './wanted.ts';

const FORCE = 'virtrigaud.io/force-delete';
/** So many are named. */
const NAMED = 5;

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

export async function deleteTemplates(visit: Visit): Promise<Outcome> {
  for (const template of templatesOf(visit.status.fields)) {
    if (isForced(visit.object)) {
      visit.tell('Warning', 'Abandoned', `Let go as asked for: ${titleOf(template)} stays.`);
      continue;
    }
    const outcome = await deleteTemplate(visit, template);
    if (outcome.kind !== 'done') return outcome;
    forgetTemplate(visit, template);
  }
  return DONE;
}

function isForced({ metadata }: Visit['object']): boolean {
  return metadata.annotations?.[FORCE] === 'true';
}

function titleOf({ id, provider }: Template): string {
  return `template ${id} on Provider ${provider}`;
}

async function deleteTemplate(visit: Visit, template: Template): Promise<Outcome> {
  const { cache } = visit.world;
  const { uid } = visit.object.metadata;
  const other = cache.list(VM_IMAGES).find((one) => one.metadata.uid !== uid && isSharedWith(one, template));
  if (other !== undefined) {
    const { namespace, name } = other.metadata;
    visit.tell('Normal', 'Kept', `VMImage ${namespace}/${name} has ${titleOf(template)} too: it stays.`);
    return DONE;
  }
  const provider = providerOf(template);
  if (cache.get(PROVIDERS, provider) === undefined) {
    const message = `Provider ${template.provider}, which has template ${template.id}, does not exist. Create it again, or set the annotation ${FORCE}: "true" to leave the template where it is.`;
    return stuck('ProviderNotFound', message);
  }
  const client = visit.world.providers.clientOf(provider);
  if (client === undefined) return wait(30, 'ProviderNotReady', `Provider ${template.provider} is not ready.`);
  return await destroy(visit, template, client);
}

async function destroy(visit: Visit, template: Template, client: ProviderClient): Promise<Outcome> {
  const { id } = template;
  // VMs of VirtualMachines are known by a uid: with another one nobody touches them, whatever id they have got.
  const options = { owner: { uid: visit.object.metadata.uid }, signal: visit.signal };
  try {
    if (await isAnother(client, id, options)) {
      visit.tell('Warning', 'Kept', `VM ${id} is no template any more: it stays.`);
      return DONE;
    }
    const { task } = await client.delete({ id }, options);
    if (task !== undefined) return wait(2, 'Deleting', `The ${titleOf(template)} is being deleted.`);
  } catch (error) {
    if (!(error instanceof Fault) || error.kind !== 'not-found') throw error;
  }
  visit.tell('Normal', 'Deleted', `The ${titleOf(template)} is gone.`);
  return DONE;
}

/** Whether a finished VM has its id: somebody has deleted the template, and made that one. */
async function isAnother(client: ProviderClient, id: string, options: object): Promise<boolean> {
  try {
    const { exists, providerRawJson } = await client.describe({ id }, options);
    return exists && (JSON.parse(providerRawJson) as { template?: string }).template !== 'true';
  } catch (error) {
    // Still being made.
    if (error instanceof Fault && error.kind === 'busy') return false;
    // Of somebody else.
    if (error instanceof Fault && error.kind === 'precondition') return true;
    throw error;
  }
}

function providerOf({ provider }: Template): ObjectRef {
  const [namespace = '', name = ''] = provider.split('/');
  return { namespace, name };
}
