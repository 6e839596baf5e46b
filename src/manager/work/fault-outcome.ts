import type { Fault, FaultKind } from '#domain/fault';
import type { Why } from './outcome.ts';

/** Reasons as they stand in conditions and Events. */
const REASONS: Readonly<Record<FaultKind, string>> = {
  'invalid-spec': 'InvalidSpec',
  'not-found': 'NotFound',
  'already-exists': 'AlreadyExists',
  forbidden: 'Forbidden',
  unauthenticated: 'Unauthenticated',
  unavailable: 'ProviderUnavailable',
  precondition: 'NotPossibleNow',
  busy: 'Busy',
  exhausted: 'NoCapacity',
  cancelled: 'Cancelled',
  unsupported: 'Unsupported',
  internal: 'InternalError',
};

/** What passes by itself; with all others somebody has to change something. */
const PASSING: readonly FaultKind[] = ['unavailable', 'busy', 'cancelled', 'internal'];

/** As the provider says that PVE itself is silent. That passes, and is none of the VM's business. */
const SILENT_PVE = /\bno answer from PVE\b/;

export function whyOf({ kind, message }: Fault): Why {
  return { reason: SILENT_PVE.test(message) ? 'PVEUnreachable' : REASONS[kind], message };
}

export function passes({ kind }: Fault): boolean {
  return PASSING.includes(kind);
}
