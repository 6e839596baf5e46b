// The JSON paths of printer columns: what kubectl's own JSONPath has, without output of text around it.
import type { Json } from '../object.ts';
import { parseSteps } from './json-path-steps.ts';
import type { Filter, Operand, Step } from './json-path-steps.ts';
import { isObject } from '../shape.ts';

/** Finds what a path leads to. Without a result where something on the way is missing. */
export type JsonPath = (value: Json) => readonly Json[];

/** Of `.spec.pool`, `.spec.disks[0].size`, `.status.conditions[?(@.type=="Ready")].status`. Throws a SyntaxError. */
export function parseJsonPath(text: string): JsonPath {
  const steps = parseSteps(text);
  return (value) => follow(steps, value);
}

function follow(steps: readonly Step[], value: Json): readonly Json[] {
  return steps.reduce<readonly Json[]>(
    (found, step) =>
      once(
        step,
        found.flatMap((one) => take(step, one)),
      ),
    [value],
  );
}

/** `..` leads to most places on several ways: each is gone on from once, or a few of them in a row would never end. */
function once(step: Step, found: readonly Json[]): readonly Json[] {
  return step.kind === 'descendants' ? [...new Set(found)] : found;
}

function take(step: Step, value: Json): readonly Json[] {
  switch (step.kind) {
    case 'field':
      return field(value, step.name);
    case 'all':
      return members(value);
    case 'descendants':
      return [value, ...members(value).flatMap((one) => take(step, one))];
    case 'slice':
      return Array.isArray(value) ? slice(value as readonly Json[], step) : [];
    case 'union':
      return step.of.flatMap((one) => take(one, value));
    case 'filter':
      return Array.isArray(value) ? (value as readonly Json[]).filter((one) => holds(step.filter, one)) : [];
  }
}

function field(value: Json, name: string): readonly Json[] {
  if (!isObject(value) || !Object.hasOwn(value, name)) return [];
  const found = value[name];
  return found === undefined ? [] : [found];
}

function members(value: Json): readonly Json[] {
  if (Array.isArray(value)) return value as readonly Json[];
  return isObject(value) ? Object.values(value).filter((one) => one !== undefined) : [];
}

function slice(list: readonly Json[], { from, to, by }: Extract<Step, { kind: 'slice' }>): readonly Json[] {
  const start = from < 0 ? from + list.length : from;
  const end = to === undefined ? list.length : to < 0 ? to + list.length : Math.min(to, list.length);
  if (start < 0) return [];
  return list.slice(start, Math.max(end, 0)).filter((_, index) => index % by === 0);
}

function holds({ left, operator, right }: Filter, value: Json): boolean {
  const lefts = operand(left, value);
  if (operator === 'exists') return lefts.length > 0;
  const rights = operand(right, value);
  const [one, other] = [lefts[0], rights[0]];
  return lefts.length === 1 && rights.length === 1 && compare(one ?? null, operator, other ?? null);
}

function operand(of: Operand, value: Json): readonly Json[] {
  return of.kind === 'literal' ? [of.value] : follow(of.steps, value);
}

function compare(one: Json, operator: Filter['operator'], other: Json): boolean {
  if (operator === '==') return one === other;
  if (operator === '!=') return one !== other;
  if (typeof one !== typeof other || (typeof one !== 'number' && typeof one !== 'string')) return false;
  const [left, right] = [one, other as typeof one];
  if (operator === '<') return left < right;
  if (operator === '<=') return left <= right;
  return operator === '>' ? left > right : left >= right;
}
