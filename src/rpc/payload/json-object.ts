import { type Fault, invalidSpec } from '#domain/fault';

// Reading JSON that somebody else wrote. Nothing is skipped: a wrong type or a key nobody here knows is an error that
// names the key. null, "" (blanks too) and 0 are what Go sends for "not said", so they are that here too.

/** Turns a value that was said into ours, or throws `invalid-spec` for `path`. */
export type ReadValue<T> = (value: unknown, path: string) => T;

/** The parsed JSON of a request field; undefined for the empty text, `invalid-spec` naming `field` if it does not parse. */
export function parseJsonField(field: string, text: string): unknown {
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    // The parser's own words quote the text, which may hold a secret: only the position is told.
    const position = /at position \d+/.exec(String(cause))?.[0];
    throw invalidSpec(
      field,
      `is not valid JSON${position === undefined ? '' : ` (${position})`}`,
      'Send one JSON value',
    );
  }
}

/** What kind of JSON value this is, for messages. */
function jsonType(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  const names: Record<string, string> = {
    string: 'a text',
    number: 'a number',
    boolean: 'true or false',
    object: 'an object',
  };
  return names[typeof value] ?? typeof value;
}

export function wrongType(path: string, wanted: string, value: unknown): Fault {
  return invalidSpec(path, `must be ${wanted}, but is ${jsonType(value)}`);
}

/**
 * One JSON object whose keys are asked for one by one; a key may be spelled PascalCase (Go's), camelCase, or in an older way.
 * Two spellings of one key with different values are an error.
 */
export class JsonObject {
  readonly path: string;
  readonly #said: ReadonlyMap<string, unknown>;
  readonly #known: string[] = [];
  readonly #spellings = new Set<string>();

  constructor(value: unknown, path: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrongType(path, 'an object', value);
    this.path = path;
    this.#said = new Map(Object.entries(value).filter(([, item]) => isSaid(item)));
  }

  /** The value of `key` under any spelling, undefined where nobody said one. `older` gives further spellings, each with its own reader. */
  get<T>(key: string, read: ReadValue<T>, older: Readonly<Record<string, ReadValue<T>>> = {}): T | undefined {
    const readers = Object.entries({ [key]: read, [camelCase(key)]: read, ...older });
    this.#known.push(key);
    for (const [spelling] of readers) this.#spellings.add(spelling);
    const found = readers
      .filter(([spelling]) => this.#said.has(spelling))
      .map(([spelling, reader]) => ({ spelling, value: reader(this.#said.get(spelling), `${this.path}.${spelling}`) }));
    const [first, ...others] = found;
    const other = others.find((each) => JSON.stringify(each.value) !== JSON.stringify(first?.value));
    if (first !== undefined && other !== undefined) {
      throw invalidSpec(
        `${this.path}.${first.spelling}`,
        `differs from "${other.spelling}", which means the same`,
        'Send only one',
      );
    }
    return first?.value;
  }

  /** The path of `key` as the sender spelled it. */
  at(key: string, ...older: readonly string[]): string {
    const spelling = [key, camelCase(key), ...older].find((each) => this.#said.has(each));
    return `${this.path}.${spelling ?? key}`;
  }

  /** Keys other providers understand and that say nothing about a VM on PVE. */
  ignore(...keys: readonly string[]): void {
    for (const key of keys) this.#spellings.add(key).add(camelCase(key));
  }

  /** Throws for the first key that says something and was never asked for: what it wants would be lost. */
  finish(): void {
    const unknown = [...this.#said].find(([key, value]) => !this.#spellings.has(key) && !isEmpty(value));
    if (unknown === undefined) return;
    throw invalidSpec(
      `${this.path}.${unknown[0]}`,
      'this provider does not know the key, and what it asks for would be lost',
      `Remove it, or use one of ${this.#known.join(', ')}`,
    );
  }
}

/** The one value that two places may tell; throws if they tell different ones. */
export function agree<T>(path: string, one: T | undefined, other: T | undefined): T | undefined {
  if (one !== undefined && other !== undefined && one !== other) {
    throw invalidSpec(path, `"${String(one)}" differs from "${String(other)}", which means the same`, 'Send only one');
  }
  return one ?? other;
}

/** Reads a JSON object with `read` and then refuses the keys it did not ask for. */
export function readObject<T>(read: (object: JsonObject) => T): ReadValue<T> {
  return (value, path) => {
    const object = new JsonObject(value, path);
    const result = read(object);
    object.finish();
    return result;
  };
}

/** `MemoryMiB` -> `memoryMiB`, `CPUHotAddEnabled` -> `cpuHotAddEnabled`, `VLAN` -> `vlan`. */
function camelCase(key: string): string {
  return key.replace(/^[A-Z]+(?=[A-Z][a-z])|^[A-Z]+/, (capitals) => capitals.toLowerCase());
}

function isSaid(value: unknown): boolean {
  return value !== null && value !== 0 && !(typeof value === 'string' && value.trim() === '');
}

/** A value that asks for nothing, so that nothing is lost with it. */
function isEmpty(value: unknown): boolean {
  if (!isSaid(value) || value === false) return true;
  return typeof value === 'object' && value !== null && Object.values(value).every(isEmpty);
}
