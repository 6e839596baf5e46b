// The VM is made. Whoever asks a second time, as after a crash, gets the first one: the provider knows it by the uid.
import { Fault } from '#domain/fault';
import { encodeCreate } from '#rpc/payload/create';
import type { CreateResponse } from '#rpc/contract';
import type { Visit } from '../work/controller.ts';
import { passes } from '../work/fault-outcome.ts';
import { DONE, type Outcome, wait } from '../work/outcome.ts';
import { boundTo } from './bound.ts';
import { inManifestWords } from './manifest-words.ts';
import { elsewhere, isAtItsPlace, notePlaceAhead, placeNow } from './place.ts';
import { callOf, clientOf, providerOf, titleOf } from './provider.ts';
import { changeOf, creationOf } from './request.ts';
import { restartHandled } from './restart-request.ts';
import { isMade, statusOf, vmTitle } from './status.ts';
import { findOwnVm } from './take-over.ts';
import { wishOf } from './wish.ts';

/** A copy that takes longer becomes a task, and keeps no worker. */
const CREATE_MS = 60_000;

export async function createVm(visit: Visit): Promise<Outcome> {
  if (isMade(visit)) return DONE;
  const status = statusOf(visit);
  const provider = providerOf(visit);
  const spec = creationOf(visit);
  status.phase = 'Provisioning';
  status.bound = boundTo(wishOf(visit).manifest.spec as Record<string, unknown>, provider);
  const place = placeNow(visit, provider);
  if (!isAtItsPlace(visit, place)) return (await findOwn(visit)) ? DONE : elsewhere(visit, place);
  // Written down before anything is asked for, so that a deletion knows that there may be a VM, and where.
  if (notePlaceAhead(visit, provider) || status.createRequested !== true) {
    status.createRequested = true;
    return wait(0, 'Creating', `VM ${spec.name} is being made on ${titleOf(provider)}.`);
  }
  try {
    const request = encodeCreate(spec);
    return made(visit, await clientOf(visit).create(request, { ...callOf(visit), deadlineMs: CREATE_MS }));
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    if (error.kind === 'already-exists' && (await findOwn(visit))) return DONE;
    if (!passes(error)) status.phase = 'Failed';
    throw inManifestWords(error, visit);
  }
}

function made(visit: Visit, { id, task }: CreateResponse): Outcome {
  if (id === '') throw new Fault('internal', { subject: vmTitle(visit), wanted: 'create', why: 'it got no id' });
  const status = statusOf(visit);
  const { digest, documents, size } = changeOf(visit);
  status.id = id;
  status.appliedDigest = digest;
  status.documentsDigest = documents;
  status.currentResources = size;
  visit.status.removeCondition('ImageReady');
  // It starts afresh anyway.
  restartHandled(visit);
  if (task === undefined) return DONE;
  status.lastTaskRef = task.id;
  return wait(2, 'Creating', `VM ${id} is being made.`);
}

/** A VM of this very object that another request has made: it is there, and is changed to what is asked for now. */
async function findOwn(visit: Visit): Promise<boolean> {
  const vmid = await findOwnVm(visit);
  if (vmid === undefined) return false;
  const status = statusOf(visit);
  status.id = vmid;
  status.appliedDigest = undefined;
  return true;
}
