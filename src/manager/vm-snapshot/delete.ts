// The object is on its way out: its snapshot goes first.
import { VIRTUAL_MACHINES } from '#crd/resources';
import type { VirtualMachineStatus } from '#crd/virtual-machine/status';
import { Fault } from '#domain/fault';
import type { ObjectRef } from '#domain/object-ref';
import type { KubeObject } from '#kube/object';
import { isForced, orLeave, whyUndeletable } from '../providers/ask.ts';
import { isSamePlace, placeWords } from '../providers/place.ts';
import { boundTo } from '../virtual-machine/concerns.ts';
import type { Visit } from '../work/controller.ts';
import { DONE, type Outcome, stuck, wait } from '../work/outcome.ts';
import { statusOf, titleOf } from './status.ts';
import { callOf, clientOf, type MadeVm, vmNamed } from './vm.ts';

/** So long the provider waits for what may pass before it says what that is. */
const DELETE_MS = 20_000;

/** What goes with its VM, or was never asked for, needs nobody. */
export async function deleteSnapshot(visit: Visit): Promise<Outcome> {
  statusOf(visit).phase = 'Deleting';
  const vm = vmThatHasIt(visit);
  if (vm === undefined) return DONE;
  const { object, id, provider } = vm;
  const what = `${titleOf(visit)} of VM ${id}`;
  if (isForced(visit.object)) return letGo(visit, what);
  const trouble = whyUndeletable(visit.world, provider, what) ?? whyElsewhere(visit, object, { provider, what });
  return trouble ?? (await destroy(visit, vm, what));
}

/** undefined where it has gone with its VM. */
function vmThatHasIt(visit: Visit): MadeVm | undefined {
  const { vmID } = statusOf(visit);
  const object = visit.world.cache.get(VIRTUAL_MACHINES, vmNamed(visit));
  if (vmID === undefined || object === undefined) return undefined;
  const { id = '' } = (object['status'] ?? {}) as VirtualMachineStatus;
  // Another VM has its name now.
  if (id !== '' && id !== vmID) return undefined;
  const { name, namespace = object.metadata.namespace ?? '' } = boundTo(object) ?? {};
  // Where the object has lost its status, the provider still knows whose the VM is.
  return name === undefined ? undefined : { object, id: vmID, provider: { name, namespace } };
}

/** At another PVE a VM that is not there says nothing. */
function whyElsewhere(
  { world }: Visit,
  vm: KubeObject,
  { provider, what }: { readonly provider: ObjectRef; readonly what: string },
): Outcome | undefined {
  const { providerEndpoint } = (vm['status'] ?? {}) as VirtualMachineStatus;
  const place = world.providers.endpointOf(provider);
  if (isSamePlace(providerEndpoint, place)) return undefined;
  const message = `${what} ${placeWords(providerEndpoint, place)}. Set the Provider's endpoint back, or ${orLeave('it')}`;
  return stuck('ProviderReplaced', message);
}

async function destroy(visit: Visit, vm: MadeVm, what: string): Promise<Outcome> {
  const { snapshotID } = statusOf(visit);
  const request = { vmId: vm.id, snapshotId: snapshotID ?? hintOf(visit) };
  try {
    const { task } = await clientOf(visit, vm).snapshotDelete(request, { ...callOf(visit, vm), deadlineMs: DELETE_MS });
    // Asked again until there is nothing left to do.
    if (task !== undefined) return wait(2, 'Deleting', `${what} is being deleted.`);
  } catch (error) {
    if (!(error instanceof Fault) || error.kind !== 'not-found') throw error;
  }
  visit.tell('Normal', 'Deleted', `${what} is gone.`);
  return DONE;
}

/** The name under which it may have been asked for; the provider tells others of that name by their uid. */
function hintOf({ object }: Visit): string {
  const { snapshotConfig } = (object['spec'] ?? {}) as { snapshotConfig?: { name?: string } };
  return snapshotConfig?.name ?? object.metadata.name;
}

function letGo(visit: Visit, what: string): Outcome {
  visit.tell('Warning', 'Abandoned', `Let go as asked for: ${what} may still be there.`);
  return DONE;
}
