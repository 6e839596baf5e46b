// Fault rules as data: which request or task they meet, how often, and what goes wrong.
import { z } from 'zod';
import type { Random } from './random.ts';

const count = z.number().int().min(0);

export const faultAction = z.union([
  /** The request is held for so long before it is worked on. */
  z.strictObject({ delayMs: z.number().min(0) }),
  /** The handler itself takes so much longer: over the proxy's 30 s it is answered 596 while its work goes on. */
  z.strictObject({ slowMs: z.number().min(0) }),
  /** Answered like this; nothing is done. */
  z.strictObject({ answer: z.strictObject({ status: z.number().int().min(100).max(999), reason: z.string() }) }),
  /** The connection is cut; nothing is done. */
  z.strictObject({ dropBefore: z.literal(true) }),
  /** The work is done; the connection is cut instead of an answer. */
  z.strictObject({ dropAfter: z.literal(true) }),
  /** The node goes down as the request arrives. */
  z.strictObject({ nodeDown: z.string() }),
  /** Tasks: the worker gets this signal so long after its start. */
  z.strictObject({ killWorker: z.enum(['TERM', 'KILL']), afterMs: z.number().min(0).optional() }),
  /** Tasks: the daemon cannot start the worker, after what the call does itself (pve-behaviour 28.7). */
  z.strictObject({ noWorker: z.literal(true) }),
]);

function isRegularExpression(text: string): boolean {
  try {
    return new RegExp(text).source !== '';
  } catch {
    return false;
  }
}

export const faultRule = z.strictObject({
  method: z.string().optional(),
  /** Source of a regular expression over the path without `/api2/json`. */
  path: z.string().refine(isRegularExpression, 'is no regular expression').optional(),
  /** The node that receives the request, or whose task it is. */
  node: z.string().optional(),
  /** A task's type; a rule that has it meets tasks only. */
  task: z.string().optional(),
  /** Lets the first so many pass. */
  skip: count.optional(),
  /** Of those it then sees, meets the first and each so-many-th after it. */
  every: z.number().int().min(1).optional(),
  /** Meets at most so many. */
  count: count.optional(),
  /** 0 to 1, drawn from the world's seed. */
  probability: z.number().min(0).max(1).optional(),
  action: faultAction,
});

export type FaultRule = z.infer<typeof faultRule>;
export type FaultAction = z.infer<typeof faultAction>;

export interface Faults {
  add(rules: readonly FaultRule[]): void;
  clear(): void;
  /** What is to go wrong with this request, in the order of the rules. */
  forRequest(node: string, method: string, path: string): readonly FaultAction[];
  forTask(node: string, type: string): readonly FaultAction[];
}

interface Armed {
  readonly rule: FaultRule;
  seen: number;
  met: number;
}

export function createFaults(random: Random, rules: readonly FaultRule[] = []): Faults {
  let armed: Armed[] = [];
  const add = (more: readonly FaultRule[]): void => {
    armed = [...armed, ...more.map((rule) => ({ rule, seen: 0, met: 0 }))];
  };
  const due = (entry: Armed): boolean => {
    const { skip = 0, every = 1, count: limit = Number.POSITIVE_INFINITY, probability = 1 } = entry.rule;
    entry.seen += 1;
    const isItsTurn = entry.seen > skip && (entry.seen - skip - 1) % every === 0;
    if (!isItsTurn || entry.met >= limit || random.next() >= probability) return false;
    entry.met += 1;
    return true;
  };
  const meet = (matches: (rule: FaultRule) => boolean): readonly FaultAction[] =>
    armed.filter((entry) => matches(entry.rule) && due(entry)).map((entry) => entry.rule.action);
  add(rules);
  return {
    add,
    clear: () => {
      armed = [];
    },
    forRequest: (node, method, path) =>
      meet((rule) => rule.task === undefined && meetsRequest(rule, node, method, path)),
    forTask: (node, type) => meet((rule) => rule.task === type && (rule.node ?? node) === node),
  };
}

function meetsRequest(rule: FaultRule, node: string, method: string, path: string): boolean {
  return (
    (rule.method ?? method) === method &&
    (rule.node ?? node) === node &&
    (rule.path === undefined || new RegExp(rule.path).test(path))
  );
}
