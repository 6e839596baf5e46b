// What a template that is being made from the web still needs: a comment on the line before its claim, as a clone has one.
// A download may outlast the call that asked for it, and nobody asks again, so any replica has to find there what it was
// asked for. The grammar is frozen, as the claim's is.

/** The file that becomes the template's disk, and what is made of it. */
export interface ImageTodo {
  /** Of the claim it belongs to: with another one beside it, it came along with a copy and counts for nothing. */
  readonly incarnation: string;
  readonly target: string;
  /** Of a further template of an image: the node that it was begun for. */
  readonly node?: string | undefined;
  readonly url: string;
  readonly checksum: { readonly algorithm: string; readonly value: string } | undefined;
  /** Extensions of the file, the likeliest first. */
  readonly formats: readonly string[];
  /** Storage of the file, as import content. */
  readonly importStorage: string;
  /** Storage of the template's disk. */
  readonly storage: string;
  /** Of the template's disk; undefined where its storage has no choice. */
  readonly diskFormat: string | undefined;
}

const VERSION = '1';
const LINE = /^<!-- virtrigaud-image (\d+) (\{.*\}) -->\s*$/;

export function formatImageTodo(todo: ImageTodo): string {
  const { checksum } = todo;
  const fields = {
    c: todo.incarnation,
    f: todo.formats,
    h: checksum === undefined ? undefined : `${checksum.algorithm}:${checksum.value}`,
    i: todo.importStorage,
    n: todo.target,
    o: todo.node,
    q: todo.diskFormat,
    s: todo.storage,
    u: todo.url,
  };
  const json = JSON.stringify(fields).replaceAll('<', '\\u003c').replaceAll('>', '\\u003e');
  return `<!-- virtrigaud-image ${VERSION} ${json} -->`;
}

/** What a description keeps for the template of this incarnation; undefined where there is nothing we can read. */
export function readImageTodo(description: string | undefined, incarnation: string): ImageTodo | undefined {
  const found = (description ?? '').split(/\r?\n/).findLast((line) => LINE.test(line)) ?? '';
  const [, version, json = ''] = LINE.exec(found) ?? [];
  if (version !== VERSION) return undefined;
  const todo = parse(json);
  return todo?.incarnation === incarnation ? todo : undefined;
}

/** The text without any such line. */
export function withoutImageTodo(text: string): string {
  return text
    .split(/\r?\n/)
    .filter((line) => !LINE.test(line))
    .join('\n')
    .trimEnd();
}

function parse(json: string): ImageTodo | undefined {
  try {
    const { c, f, h, i, n, o, q, s, u } = JSON.parse(json) as Record<string, unknown>;
    const checksum = checksumOf(h);
    if (![c, i, n, s, u].every(isText) || !Array.isArray(f) || !f.every(isText) || checksum === null) return undefined;
    return {
      incarnation: c as string,
      target: n as string,
      ...(isText(o) ? { node: o } : {}),
      url: u as string,
      checksum,
      formats: f,
      importStorage: i as string,
      storage: s as string,
      diskFormat: isText(q) ? q : undefined,
    };
  } catch {
    return undefined;
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

/** Null for what is none. */
function checksumOf(value: unknown): ImageTodo['checksum'] | null {
  if (value === undefined) return undefined;
  const [, algorithm, hex] = /^([a-z0-9]+):([0-9a-f]+)$/.exec(isText(value) ? value : '') ?? [];
  return algorithm === undefined || hex === undefined ? null : { algorithm, value: hex };
}
