// From a Clone on the wire, or from what a copy keeps of it, to an order.
import type { MessageInitShape } from '@bufbuild/protobuf';
import { requestDigest } from '#claim/digest';
import { type Claim, shorten } from '#claim/record';
import { type CloneTodo, readTodo } from '#claim/todo';
import { Fault } from '#domain/fault';
import type { Owner } from '#domain/owner';
import type { CloneWish, VmSpec } from '#domain/vm-spec';
import type { Vmid } from '#pve/ids';
import type { CloneRequest, CloneResponseSchema } from '#rpc/contract';
import { decodeClone, parseCloneFields, placementName, withoutSecrets } from '#rpc/payload/clone';
import { formatTaskId } from '#rpc/task-id';
import type { CreateOrder } from './create-order.ts';
import { decodeVmid } from './request.ts';
import type { CreateOutcome } from './run/create-runs.ts';

/**
 * @param asker whose VM the source has to be
 * @param uid whose the clone will be, since its VirtualMachine comes after it; absent: nobody's by uid
 */
export function decodeCloneOrder(request: CloneRequest, asker: Partial<Owner>, uid: string | undefined): CreateOrder {
  const { targetName, linked } = request;
  const source = decodeVmid(request.sourceVmId, 'source_vm_id');
  const fields = parseCloneFields(request);
  return {
    spec: decodeClone({ targetName, source: String(source), linked, fields }),
    owner: ownerOf(targetName, asker.namespace, uid),
    digest: requestDigest({
      source_vm_id: String(source),
      target_name: targetName,
      linked,
      class_json: fields.class,
      placement_json: fields.placement,
      customize_json: fields.customize,
    }),
    kind: 'clone',
    // As a claim keeps it.
    key: uid === undefined ? keyOf(source, targetName) : shorten(uid),
    clone: { source, asker, request: withoutSecrets(fields), placementName: placementName(fields) },
  };
}

function ownerOf(name: string, namespace: string | undefined, uid: string | undefined): Owner {
  return { name, ...(namespace === undefined ? {} : { namespace }), ...(uid === undefined ? {} : { uid }) };
}

function keyOf(source: Vmid, name: string): string {
  return `${source}/${name}`;
}

export function encodeCloneOutcome({ vmid, running }: CreateOutcome): MessageInitShape<typeof CloneResponseSchema> {
  const targetVmId = String(vmid);
  if (running === undefined) return { targetVmId };
  const { incarnation, upid } = running;
  return { targetVmId, task: { id: formatTaskId({ kind: 'clone', vmid, incarnation, goal: 'ready', upid }) } };
}

/** The order of a copy that nobody asks for any more; undefined where the copy does not tell it. */
export function orderOfCopy(description: string | undefined, claim: Claim): CreateOrder | undefined {
  const todo = readTodo(description, claim.incarnation);
  if (todo === undefined) return undefined;
  const { name, namespace, uid, digest } = claim;
  return {
    spec: specOf(todo),
    owner: ownerOf(name, namespace, uid),
    digest,
    kind: 'clone',
    key: uid ?? keyOf(todo.source, todo.name),
    clone: { source: todo.source, asker: {}, request: todo.request, placementName: undefined },
  };
}

/** The order with what was decided when the copy began. Throws where the copy of a clone no longer tells it. */
export function asDecided(order: CreateOrder, description: string | undefined, incarnation: string): CreateOrder {
  if (order.kind !== 'clone') return order;
  const todo = readTodo(description, incarnation);
  if (todo !== undefined) return { ...order, spec: specOf(todo) };
  throw new Fault('precondition', {
    subject: `VM ${order.spec.name}`,
    wanted: 'clone',
    why: 'somebody has removed from its description what is still to be done',
    remedy: 'Delete the copy, and clone again',
  });
}

function specOf({ name, source, linked, request, seedIso }: CloneTodo): VmSpec {
  const { class: size, placement, customize } = request;
  const spec = decodeClone({
    targetName: name,
    source: String(source),
    linked,
    fields: { class: size, placement, customize },
  });
  return seedIso === undefined ? spec : seededBy(spec, seedIso);
}

/** The documents are in the ISO. */
function seededBy(spec: VmSpec, seedIso: string): VmSpec {
  const clone: CloneWish = { keepsSize: spec.clone?.keepsSize === true, seedIso };
  return { ...spec, userData: undefined, metaData: undefined, clone };
}

/** An error of the engine, whose fields are those of a Create, in the words of a Clone. */
export function inWordsOfClone(error: unknown): unknown {
  if (!(error instanceof Fault)) return error;
  const subject = FIELDS.reduce((text, [field, ours]) => text.replace(field, ours), error.text.subject);
  return subject === error.text.subject ? error : new Fault(error.kind, { ...error.text, subject }, { cause: error });
}

const FIELDS: readonly (readonly [RegExp, string])[] = [
  [/^networks_json/, 'customize_json.networks'],
  [/^user_data/, 'customize_json.userData'],
  [/^meta_data/, 'customize_json.hostname'],
  [/^image_json\.CloneMode/, 'linked'],
  [/^image_json\.TemplateName/, 'source_vm_id'],
  [/^image_json\.Snapshot/, 'customize_json.snapshot'],
];
