// From messages of the wire to orders, and back.
import type { MessageInitShape } from '@bufbuild/protobuf';
import { requestDigest } from '#claim/digest';
import { invalidSpec } from '#domain/fault';
import { type Owner, ownerKey } from '#domain/owner';
import type { PowerOp } from '#domain/power';
import { parseVmReference, type Vmid } from '#pve/ids';
import {
  type CreateRequest,
  type CreateResponseSchema,
  type HardwareUpgradeRequest,
  PowerOp as WireOp,
  type PowerRequest,
  type ReconfigureRequest,
} from '#rpc/contract';
import { decodeCreate } from '#rpc/payload/create';
import { decodeDesired } from '#rpc/payload/desired';
import { digestFields } from '#rpc/payload/digest-fields';
import { formatTaskId } from '#rpc/task-id';
import type { CreateOrder } from './create-order.ts';
import type { CreateOutcome } from './run/create-runs.ts';
import type { HardwareOrder } from './run/hardware-upgrade.ts';
import type { PowerOrder } from './run/power.ts';
import type { ReconfigureOrder } from './run/reconfigure.ts';

export function decodeCreateOrder(request: CreateRequest, owner: Partial<Owner>): CreateOrder {
  const whose = { ...owner, name: owner.name ?? request.name };
  return {
    spec: decodeCreate(request),
    owner: whose,
    digest: requestDigest(digestFields(request)),
    kind: 'vm',
    key: ownerKey(whose),
  };
}

export function encodeCreateOutcome({ vmid, running }: CreateOutcome): MessageInitShape<typeof CreateResponseSchema> {
  const id = String(vmid);
  if (running === undefined) return { id };
  const { incarnation, upid } = running;
  return { id, task: { id: formatTaskId({ kind: 'create', vmid, incarnation, goal: 'ready', upid }) } };
}

/**
 * A decimal VMID; the older provider's `node:vmid` is taken too, its node being only where the VM once was.
 * @param field of the request, for the error.
 */
export function decodeVmid(id: string, field = 'id'): Vmid {
  const vmid = parseVmReference(id);
  if (vmid !== undefined) return vmid;
  const why = id === '' ? 'is missing' : `"${id}" is not the id of a VM`;
  throw invalidSpec(field, why, 'Use the VMID that Create answered with');
}

/** Whose VM is meant where a call names no id; undefined where it names one, or its owner is not told by a uid. */
export function ownerMeant(id: string, { uid, name = '', namespace }: Partial<Owner>): Owner | undefined {
  if (id.trim() !== '' || uid === undefined) return undefined;
  return { uid, name, ...(namespace === undefined ? {} : { namespace }) };
}

const OPS: Readonly<Partial<Record<WireOp, PowerOp>>> = {
  [WireOp.ON]: 'on',
  [WireOp.OFF]: 'off',
  [WireOp.REBOOT]: 'reboot',
  [WireOp.SHUTDOWN_GRACEFUL]: 'shutdown',
};

/** PVE's own default for a shutdown. */
const GRACEFUL_SECONDS = 60;

export function decodePowerOrder(request: PowerRequest): PowerOrder {
  const vmid = decodeVmid(request.id);
  const op = OPS[request.op];
  if (op === undefined)
    throw invalidSpec('op', `${request.op} is no power operation`, 'Use ON, OFF, REBOOT or SHUTDOWN_GRACEFUL');
  const seconds = request.gracefulTimeoutSeconds;
  if (seconds < 0)
    throw invalidSpec('graceful_timeout_seconds', `${seconds} is negative`, 'Give seconds, or 0 for the default');
  return { vmid, op, gracefulSeconds: seconds === 0 ? GRACEFUL_SECONDS : seconds };
}

export function decodeReconfigureOrder({ id, desiredJson }: ReconfigureRequest): ReconfigureOrder {
  const vmid = decodeVmid(id);
  if (desiredJson.trim() === '') throw invalidSpec('desired_json', 'is missing', 'Send the whole request of the VM');
  return { vmid, desired: decodeDesired(desiredJson) };
}

export function decodeHardwareOrder(request: HardwareUpgradeRequest): HardwareOrder {
  const vmid = decodeVmid(request.id);
  const target = request.targetVersion;
  if (target < 0) throw invalidSpec('target_version', `${target} is negative`, 'Give 0 for the newest version');
  return { vmid, target };
}
