// The status of an object as a visit leaves it: changed in memory by every phase, written once at the end.
import type { KubeObject } from '#kube/object';
import { mergePatchOf } from './merge-patch.ts';

export type ConditionState = 'True' | 'False' | 'Unknown';

export interface Condition {
  readonly type: string;
  readonly status: ConditionState;
  readonly reason: string;
  readonly message: string;
  /** RFC 3339, whole seconds. */
  readonly lastTransitionTime: string;
  readonly observedGeneration?: number;
}

export interface StatusDraft {
  /** Everything but the conditions; set a field to undefined to remove it. */
  readonly fields: Record<string, unknown>;
  condition(type: string): Condition | undefined;
  setCondition(type: string, status: ConditionState, reason: string, message: string): void;
  /** What a person need not be told of. */
  removeCondition(type: string): void;
  /** The merge patch of the status, undefined where nothing is to be written. */
  patch(): Readonly<Record<string, unknown>> | undefined;
}

/** @param nowMs for the moment of a transition */
export function draftStatus(object: KubeObject, nowMs: number): StatusDraft {
  const before = (object['status'] ?? {}) as Readonly<Record<string, unknown>>;
  const { conditions: written = [], ...rest } = structuredClone(before);
  const conditions = new Map((written as Condition[]).map((condition) => [condition.type, condition]));
  const fields: Record<string, unknown> = rest;
  const { generation } = object.metadata;
  const now = `${new Date(nowMs).toISOString().slice(0, 19)}Z`;
  return {
    fields,
    condition: (type) => conditions.get(type),
    setCondition: (type, status, reason, message) => {
      const old = conditions.get(type);
      const lastTransitionTime = old?.status === status ? old.lastTransitionTime : now;
      const observed = generation === undefined ? {} : { observedGeneration: generation };
      conditions.set(type, { type, status, reason, message, lastTransitionTime, ...observed });
    },
    removeCondition: (type) => void conditions.delete(type),
    patch: () => {
      const after = { ...fields, ...(conditions.size === 0 ? {} : { conditions: inOrder([...conditions.values()]) }) };
      return mergePatchOf(before, after);
    },
  };
}

/** What a person looks for stands first. */
function inOrder(conditions: readonly Condition[]): Condition[] {
  const isReady = ({ type }: Condition): boolean => type === 'Ready';
  return [...conditions.filter(isReady), ...conditions.filter((one) => !isReady(one))];
}
