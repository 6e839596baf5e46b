// Bodies in YAML, read as Kubernetes reads them: YAML 1.1 with Go's own ideas of numbers, then made JSON.
import {
  type Alias,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  Scalar,
} from 'yaml';
import { goSyntax } from '../go-text.ts';
import type { Json } from '../object.ts';
import { defineMember } from '../own.ts';
import type { Decoded } from './json.ts';
import { plainScalar } from './yaml-scalar.ts';

const MAX_DEPTH = 1000;
/** Beyond this many an alias is taken for an attack (aliases of aliases multiply). */
const MAX_NODES_BEHIND_ALIASES = 100_000;

/** The text is no YAML, or none that could be JSON. */
class YamlError extends Error {
  override readonly name = 'YamlError';
}

/** The first document of the text. Throws YamlError. */
export function decodeYaml(text: string): Decoded {
  const lines = new LineCounter();
  const [document] = parseAllDocuments(text, {
    schema: 'failsafe',
    version: '1.1',
    uniqueKeys: false,
    prettyErrors: false,
    lineCounter: lines,
  });
  if (document === undefined) return { value: null, duplicates: [], strictErrors: [] };
  const [error] = document.errors;
  if (error !== undefined) throw yamlError(`line ${lines.linePos(error.pos[0]).line}: ${error.message}`);
  const reader = new Reader(lines);
  const value = reader.json(document.contents);
  return { value, duplicates: reader.duplicates, strictErrors: strictErrors(reader.repeated) };
}

function strictErrors(repeated: readonly string[]): string[] {
  return repeated.length === 0 ? [] : [`yaml: unmarshal errors:\n  ${repeated.join('\n  ')}`];
}

class Reader {
  readonly duplicates: string[] = [];
  /** The same, as Go's YAML tells them. */
  readonly repeated: string[] = [];
  readonly #lines: LineCounter;
  readonly #anchors = new Map<string, unknown>();
  readonly #path: (string | number)[] = [];
  #aliases = 0;
  #nodesBehindAliases = 0;

  constructor(lines: LineCounter) {
    this.#lines = lines;
  }

  json(node: unknown): Json {
    this.#count();
    if (isAlias(node)) return this.#alias(node);
    if (isNode(node) && node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    if (isMap(node)) return this.#mapping(node.items);
    if (isSeq(node)) return node.items.map((item, index) => this.#within(index, item));
    if (isScalar(node)) return scalar(node);
    return null;
  }

  #count(): void {
    if (this.#path.length > MAX_DEPTH) throw yamlError('exceeded max depth');
    if (this.#aliases > 0) this.#nodesBehindAliases += 1;
    if (this.#nodesBehindAliases > MAX_NODES_BEHIND_ALIASES) throw yamlError('document contains excessive aliasing');
  }

  #alias(alias: Alias): Json {
    const target = this.#anchors.get(alias.source);
    if (target === undefined) throw yamlError(`unknown anchor '${alias.source}' referenced`);
    this.#aliases += 1;
    if (this.#aliases > MAX_DEPTH) throw yamlError(`anchor '${alias.source}' value contains itself`);
    const value = this.json(target);
    this.#aliases -= 1;
    return value;
  }

  #mapping(items: readonly { readonly key: unknown; readonly value: unknown }[]): Json {
    const value: Record<string, Json> = {};
    for (const item of items) if (isMerge(item.key)) this.#merge(value, item.value);
    const seen = new Set<string>();
    for (const item of items) if (!isMerge(item.key)) this.#member(value, seen, item);
    return value;
  }

  #member(
    value: Record<string, Json>,
    seen: Set<string>,
    item: { readonly key: unknown; readonly value: unknown },
  ): void {
    const key = this.json(item.key);
    if (key === null || typeof key === 'object') throw yamlError(`unsupported map key: ${goSyntax(key)}`);
    const name = String(key);
    if (seen.has(name)) this.#repeats(key, name, item);
    seen.add(name);
    defineMember(value, name, this.#within(name, item.value));
  }

  #repeats(key: Json, name: string, item: { readonly key: unknown; readonly value: unknown }): void {
    const at = (item.value as Node | null)?.range?.[0] ?? (item.key as Node).range?.[0] ?? 0;
    this.duplicates.push([...this.#path, name].join('.').replaceAll(/\.(\d+)(?=\.)/g, '[$1]'));
    this.repeated.push(`line ${this.#lines.linePos(at).line}: key ${goSyntax(key)} already set in map`);
  }

  #within(step: string | number, node: unknown): Json {
    this.#path.push(step);
    const value = this.json(node);
    this.#path.pop();
    return value;
  }

  /** `<<`: what the mapping itself says wins, and what is merged first. */
  #merge(value: Record<string, Json>, node: unknown): void {
    const merged = this.json(node);
    for (const source of Array.isArray(merged) ? (merged as readonly Json[]) : [merged]) {
      if (source === null || typeof source !== 'object' || Array.isArray(source))
        throw yamlError('map merge requires map or sequence of maps as the value');
      for (const [key, member] of Object.entries(source as Record<string, Json>))
        if (!Object.hasOwn(value, key)) defineMember(value, key, member);
    }
  }
}

function isMerge(key: unknown): boolean {
  return isScalar(key) && key.type === Scalar.PLAIN && key.value === '<<';
}

function scalar(node: Scalar): Json {
  const text = typeof node.value === 'string' ? node.value : (node.source ?? '');
  const isText = node.type !== Scalar.PLAIN || node.tag === 'tag:yaml.org,2002:str';
  return isText ? text : plainScalar(text);
}

function yamlError(message: string): YamlError {
  return new YamlError(`error converting YAML to JSON: yaml: ${message}`);
}
