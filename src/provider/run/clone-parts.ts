// What a Clone leaves beside its copy, so that any replica can finish it: the comment that says what is still to be done,
// and the ISO with the documents, which may hold secrets and stand in no comment.
import { formatTodo, MAX_TODO_BYTES } from '#claim/todo';
import { invalidSpec } from '#domain/fault';
import type { VmAt } from '#pve/qemu/vm';
import { isoVolid, uploadIso } from '#pve/storage/upload';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import type { CreateOrder } from '../create-order.ts';
import type { Original } from '../observe/original.ts';
import type { IsoUpload, WarningCode } from '../plan/facet.ts';
import { deleteIso } from './seed-isos.ts';

export interface CloneParts {
  /** The line before the claim. */
  readonly todo: string;
  readonly seed: IsoUpload | undefined;
  readonly warnings: readonly WarningCode[];
}

/** Throws `invalid-spec` for a request that is too long to be kept. @param upload the ISO that the plan asks for */
export function cloneParts(
  { spec, clone }: CreateOrder,
  original: Original | undefined,
  upload: IsoUpload | undefined,
  incarnation: string,
): CloneParts {
  if (clone === undefined || original === undefined) throw new RangeError('not a clone');
  // Without user data any replica can make the same ISO.
  const seed = spec.userData === undefined ? undefined : upload;
  const isLinked = original.mode === 'linked';
  const { line, bytes } = formatTodo({
    incarnation,
    name: spec.name,
    source: clone.source,
    linked: isLinked,
    request: clone.request,
    ...(seed === undefined ? {} : { seedIso: isoVolid(seed.storage, seed.fileName) }),
  });
  if (bytes > MAX_TODO_BYTES) {
    const why = `what a clone has to keep of its request takes ${bytes} bytes, and ${MAX_TODO_BYTES} are the most`;
    throw invalidSpec('customize_json', why, 'Say less, or say it in the user data, which does not count');
  }
  return { todo: line, seed, warnings: warningsOf(spec, clone.placementName, seed, isLinked) };
}

function warningsOf(
  { image }: CreateOrder['spec'],
  placementName: string | undefined,
  seed: IsoUpload | undefined,
  isLinked: boolean,
): WarningCode[] {
  const isAsked = image.kind === 'template' && image.cloneMode === 'linked';
  return [
    ...(isAsked && !isLinked ? (['full-not-linked'] as const) : []),
    ...(placementName === undefined ? [] : (['placement-name-unused'] as const)),
    ...(seed === undefined || seed.shared ? [] : (['local-iso'] as const)),
  ];
}

export async function uploadSeed(
  ctx: Context,
  seed: IsoUpload | undefined,
  { node }: VmAt,
  call: Deadline,
): Promise<void> {
  if (seed === undefined) return;
  await uploadIso(ctx.pve, { node, storage: seed.storage }, seed.fileName, seed.bytes, call);
}

/** Takes away the ISO of a copy that has not come into being; one that stays is listed by `vrtg orphans`. */
export async function dropSeed(ctx: Context, seed: IsoUpload | undefined, vm: VmAt, call: Deadline): Promise<void> {
  if (seed === undefined || call.signal.aborted) return;
  try {
    await deleteIso(ctx, vm, isoVolid(seed.storage, seed.fileName), call);
  } catch (error) {
    ctx.log.warn('The ISO of a clone that was not made is left behind', { vmid: vm.vmid, error });
  }
}
