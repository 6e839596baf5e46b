// What a manager has seen of a provider: what tests assert beside the state of the world.
import type { status } from '@grpc/grpc-js';
import { codeName } from '#rpc/status';

export interface FailedCall {
  readonly rpc: string;
  /** Name of the object it was about. */
  readonly about: string;
  readonly code: string;
  readonly message: string;
}

/** Why a finalizer was removed. Only the first is what it is there for. */
export type FinalizerReason = 'deleted' | 'not-found' | 'never-created' | 'provider-unresolved';

export interface DroppedFinalizer {
  readonly name: string;
  readonly id: string;
  readonly why: FinalizerReason;
}

export interface ManagerRecord {
  /** How many calls ended so, by `<rpc> <code>`. */
  readonly codes: Map<string, number>;
  readonly failures: FailedCall[];
  readonly finalizers: DroppedFinalizer[];
  /** Every id that a Create has answered, by the object's name, in order, each once. */
  readonly ids: Map<string, string[]>;
  /** Describes that answered exists=false. */
  readonly saidMissing: { readonly name: string; readonly id: string }[];
  /** Status writes that an API server would refuse with 422. */
  readonly refusedWrites: string[];
}

export function createRecord(): ManagerRecord {
  return { codes: new Map(), failures: [], finalizers: [], ids: new Map(), saidMissing: [], refusedWrites: [] };
}

export function recordCall(record: ManagerRecord, rpc: string, code: status): void {
  const key = `${rpc} ${codeName(code)}`;
  record.codes.set(key, (record.codes.get(key) ?? 0) + 1);
}

export function recordId(record: ManagerRecord, name: string, id: string): void {
  const known = record.ids.get(name) ?? [];
  if (!known.includes(id)) record.ids.set(name, [...known, id]);
}
