// The one write of a status that ends a visit.
import { isDeepStrictEqual } from 'node:util';
import { isReason } from '#kube/api';
import { type KubeObject, keyOf } from '#kube/object';
import type { Controller, Visit, World } from './controller.ts';

/** So often where others write all the time. */
export const MOST_TRIES = 8;

/** Counts for the version we have seen alone. */
export function guarded(
  { metadata }: KubeObject,
  patch: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const own = (patch['metadata'] ?? {}) as Readonly<Record<string, unknown>>;
  return { ...patch, metadata: { ...own, resourceVersion: metadata.resourceVersion } };
}

/** @returns once the API has it */
export async function writeStatus(controller: Controller, visit: Visit): Promise<void> {
  const { world } = visit;
  const status = visit.status.patch();
  if (status === undefined) return;
  let { object } = visit;
  for (let tries = 1; ; tries += 1) {
    try {
      return await patchStatus(controller, object, status, world);
    } catch (error) {
      if (!isReason(error, 'Conflict') || tries === MOST_TRIES) throw error;
      object = await onlyOthersChanged(controller, visit.object, world, error);
    }
  }
}

async function patchStatus(
  { resource }: Controller,
  object: KubeObject,
  status: Readonly<Record<string, unknown>>,
  { api }: World,
): Promise<void> {
  await api.patch(resource, keyOf(object), guarded(object, { status }), { subresource: 'status' });
}

/**
 * The object as it is now, where its status is still the one that the visit began with. What was done in the visit has to be
 * written down all the same: nobody else knows of it. Rejects with `conflict` where somebody else has written the status.
 */
async function onlyOthersChanged(
  { resource }: Controller,
  before: KubeObject,
  { api }: World,
  conflict: unknown,
): Promise<KubeObject> {
  const now = await api.get(resource, keyOf(before));
  const isSame = now?.metadata.uid === before.metadata.uid && isDeepStrictEqual(now['status'], before['status']);
  if (now === undefined || !isSame) throw conflict;
  return now;
}
