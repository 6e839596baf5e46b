import { status } from '@grpc/grpc-js';
import { Fault, type FaultKind, faultMessage } from '#domain/fault';
import { DeadlineError } from '#runtime/deadline';

// The one table between what goes wrong with us and what the wire says. VirtRigaud's manager counts Unavailable,
// DeadlineExceeded, Internal and Unknown against a whole provider, so a person's mistake is never one of these.

const CODES: Readonly<Record<FaultKind, status>> = {
  'invalid-spec': status.INVALID_ARGUMENT,
  'not-found': status.NOT_FOUND,
  'already-exists': status.ALREADY_EXISTS,
  forbidden: status.PERMISSION_DENIED,
  unauthenticated: status.UNAUTHENTICATED,
  unavailable: status.UNAVAILABLE,
  precondition: status.FAILED_PRECONDITION,
  busy: status.ABORTED,
  exhausted: status.RESOURCE_EXHAUSTED,
  cancelled: status.CANCELLED,
  unsupported: status.UNIMPLEMENTED,
  internal: status.INTERNAL,
};

export interface CallStatus {
  readonly code: status;
  /** For the caller: no secrets. */
  readonly details: string;
}

/** Unknown errors become Internal without a word of theirs, since nobody knows what is in it. */
export function statusOf(error: unknown, method: string): CallStatus {
  if (error instanceof Fault) return { code: CODES[error.kind], details: error.message.toWellFormed() };
  if (error instanceof DeadlineError) return { code: status.ABORTED, details: timeIsOver(method) };
  return { code: status.INTERNAL, details: unexpected(method) };
}

function timeIsOver(method: string): string {
  return faultMessage({
    subject: method,
    why: 'the time for this call is over before the work is',
    remedy: 'Repeat the call: it goes on from where it is',
  });
}

function unexpected(method: string): string {
  return faultMessage({
    subject: method,
    why: 'unexpected error in the provider',
    remedy: 'See its log for the cause',
  });
}

/** The fault a caller gets for a status; its message is what the other side said, word for word. */
export function faultOf(answer: CallStatus, cause?: unknown): Fault {
  return new Fault(kindOf(answer.code), { subject: '', why: answer.details }, { cause });
}

function kindOf(code: status): FaultKind {
  const found = (Object.keys(CODES) as FaultKind[]).find((kind) => CODES[kind] === code);
  if (found !== undefined) return found;
  if (code === status.OUT_OF_RANGE) return 'invalid-spec';
  return code === status.DEADLINE_EXCEEDED ? 'unavailable' : 'internal';
}

/** By code number, as gRPC for Go spells them; dashboards and the manager's metrics use these names. */
const NAMES = [
  'OK',
  'Canceled',
  'Unknown',
  'InvalidArgument',
  'DeadlineExceeded',
  'NotFound',
  'AlreadyExists',
  'PermissionDenied',
  'ResourceExhausted',
  'FailedPrecondition',
  'Aborted',
  'OutOfRange',
  'Unimplemented',
  'Internal',
  'Unavailable',
  'DataLoss',
  'Unauthenticated',
] as const;

export function codeName(code: status): string {
  return NAMES[code] ?? `Code(${code})`;
}
