// What a clone still has to become after the copy: a second comment, on the line before the claim. Whoever asked for the
// clone never asks again, so any replica has to find there what it was asked for. The grammar is frozen, as the claim's is.
import type { Vmid } from '#pve/ids';

export interface CloneTodo {
  /** Of the claim it belongs to: with another one beside it, it came along with a copy and counts for nothing. */
  readonly incarnation: string;
  readonly name: string;
  readonly source: Vmid;
  /** Whether the copy shares its source's blocks. */
  readonly linked: boolean;
  /** The JSON fields of the request as they were parsed, without anything secret. */
  readonly request: CloneJson;
  /** Volume of the cloud-init ISO that has been uploaded for it. */
  readonly seedIso?: string;
}

/** Each undefined where the request left it out. */
export interface CloneJson {
  readonly class?: unknown;
  readonly placement?: unknown;
  readonly customize?: unknown;
}

const VERSION = '1';
const LINE = /^<!-- virtrigaud-todo (\d+) (\{.*\}) -->\s*$/;

/** Bytes of JSON. What is longer is refused before anything is copied. */
export const MAX_TODO_BYTES = 3500;

/** The line, and the bytes of its JSON, which may be more than MAX_TODO_BYTES. */
export function formatTodo(todo: CloneTodo): { readonly line: string; readonly bytes: number } {
  const fields = {
    c: todo.incarnation,
    i: todo.seedIso,
    j: prune(todo.request.class),
    l: todo.linked ? 1 : undefined,
    n: todo.name,
    o: todo.source,
    p: prune(todo.request.placement),
    z: prune(todo.request.customize),
  };
  const json = JSON.stringify(fields).replaceAll('<', '\\u003c').replaceAll('>', '\\u003e');
  return { line: `<!-- virtrigaud-todo ${VERSION} ${json} -->`, bytes: Buffer.byteLength(json) };
}

/** What a description keeps for the VM of this incarnation; undefined where there is nothing we can read. */
export function readTodo(description: string | undefined, incarnation: string): CloneTodo | undefined {
  const found = (description ?? '').split(/\r?\n/).findLast((line) => LINE.test(line)) ?? '';
  const [, version, json = ''] = LINE.exec(found) ?? [];
  if (version !== VERSION) return undefined;
  const todo = parse(json);
  return todo?.incarnation === incarnation ? todo : undefined;
}

/** The text without any such line. */
export function withoutTodo(text: string): string {
  return text
    .split(/\r?\n/)
    .filter((line) => !LINE.test(line))
    .join('\n')
    .trimEnd();
}

function parse(json: string): CloneTodo | undefined {
  try {
    const { c, i, j, l, n, o, p, z } = JSON.parse(json) as Record<string, unknown>;
    if (typeof c !== 'string' || typeof n !== 'string' || !Number.isSafeInteger(o)) return undefined;
    if (i !== undefined && typeof i !== 'string') return undefined;
    return {
      incarnation: c,
      name: n,
      source: o as Vmid,
      linked: l === 1,
      request: { class: j, placement: p, customize: z },
      ...(i === undefined ? {} : { seedIso: i }),
    };
  } catch {
    return undefined;
  }
}

/** Without what says nothing, as Go's JSON is full of it; keys sorted. */
function prune(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(prune);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value)
    .map(([key, item]) => [key, prune(item)] as const)
    .filter(([, item]) => item !== undefined && item !== null && item !== '' && !isEmptyObject(item))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function isEmptyObject(item: unknown): boolean {
  return typeof item === 'object' && item !== null && Object.keys(item).length === 0;
}
