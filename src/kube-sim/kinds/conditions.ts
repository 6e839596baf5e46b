// Conditions of a CustomResourceDefinition.
import type { Json, JsonObject, KubeObject } from '../object.ts';
import { members } from './own-kind.ts';

export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
}

export function conditionsOf(definition: KubeObject): readonly JsonObject[] {
  const conditions = members(definition['status'])['conditions'];
  return Array.isArray(conditions) ? conditions.map((condition: Json) => members(condition)) : [];
}

function hasCondition(definition: KubeObject, type: string, status = 'True'): boolean {
  return conditionsOf(definition).some((condition) => condition['type'] === type && condition['status'] === status);
}

export function isEstablished(definition: KubeObject): boolean {
  return hasCondition(definition, 'Established');
}

/** The conditions with this one among them; it keeps its place, and its time while its status stays. */
export function withCondition(
  conditions: readonly JsonObject[],
  { type, status, reason, message }: Condition,
  time: string,
): JsonObject[] {
  const before = conditions.find((condition) => condition['type'] === type);
  const lastTransitionTime = before?.['status'] === status ? (before['lastTransitionTime'] ?? time) : time;
  const now = { type, status, lastTransitionTime, reason, message };
  if (before === undefined) return [...conditions, now];
  return conditions.map((condition) => (condition === before ? now : condition));
}
