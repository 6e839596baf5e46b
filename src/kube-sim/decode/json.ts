// Bodies in JSON, read as strictly as a Kubernetes server reads them: the same texts for what is not JSON, and members that
// come twice are told (the last one wins, recording 165). Integers beyond 2^53 become the nearest number there is.
import { quoted } from '../go-text.ts';
import type { Json } from '../object.ts';
import { defineMember } from '../own.ts';

/** Lower than Go's 10,000: everything behind the decoder recurses, and nothing real is that deep. */
const MAX_DEPTH = 1000;

export interface Decoded {
  readonly value: Json;
  /** Paths of members that came twice, once each, in order: `metadata.name`, `spec.disks[0].name`. At most 100. */
  readonly duplicates: readonly string[];
  /** What a strict server refuses for, and another one warns of: `duplicate field "metadata.name"`. */
  readonly strictErrors: readonly string[];
}

/** The text is no JSON; the message is Go's. */
export class JsonSyntaxError extends Error {
  override readonly name = 'JsonSyntaxError';
}

/** Throws JsonSyntaxError. */
export function decodeJson(text: string): Decoded {
  return new Reader(text).read();
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const PLAIN = /[ !#-[\]-\uffff]*/y;
const MAX_DUPLICATES = 100;
const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

class Reader {
  readonly #text: string;
  readonly #duplicates = new Set<string>();
  readonly #path: (string | number)[] = [];
  #at = 0;
  #depth = 0;
  /** The first number that is beyond what a number can be. */
  #tooLarge: string | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  read(): Decoded {
    const value = this.#value();
    if (this.#next() !== undefined) throw this.#unexpected('after top-level value');
    if (this.#tooLarge !== undefined)
      throw new JsonSyntaxError(`json: cannot unmarshal number ${this.#tooLarge} into Go value of type float64`);
    const duplicates = [...this.#duplicates].slice(0, MAX_DUPLICATES);
    return { value, duplicates, strictErrors: duplicates.map((path) => `duplicate field ${quoted(path)}`) };
  }

  #value(): Json {
    const character = this.#next();
    if (character === '{') return this.#object();
    if (character === '[') return this.#array();
    if (character === '"') return this.#string();
    if (character === 't') return this.#literal('true', true);
    if (character === 'f') return this.#literal('false', false);
    if (character === 'n') return this.#literal('null', null);
    if (character !== undefined && /[-0-9]/.test(character)) return this.#number();
    throw this.#unexpected('looking for beginning of value');
  }

  #object(): Json {
    const value: Record<string, Json> = {};
    this.#open();
    if (this.#next() !== '}') {
      do this.#member(value);
      while (this.#comma('}', 'after object key:value pair'));
    }
    this.#close();
    return value;
  }

  #member(value: Record<string, Json>): void {
    if (this.#next() !== '"') throw this.#unexpected('looking for beginning of object key string');
    const key = this.#string();
    this.#path.push(key);
    if (Object.hasOwn(value, key)) this.#duplicates.add(pathText(this.#path));
    if (this.#next() !== ':') throw this.#unexpected('after object key');
    this.#at += 1;
    defineMember(value, key, this.#value());
    this.#path.pop();
  }

  #array(): Json {
    const value: Json[] = [];
    this.#open();
    if (this.#next() !== ']') {
      do this.#item(value);
      while (this.#comma(']', 'after array element'));
    }
    this.#close();
    return value;
  }

  #item(value: Json[]): void {
    this.#path.push(value.length);
    value.push(this.#value());
    this.#path.pop();
  }

  #open(): void {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw this.#unexpected('exceeded max depth');
    this.#at += 1;
  }

  #close(): void {
    this.#depth -= 1;
    this.#at += 1;
  }

  #comma(end: string, context: string): boolean {
    const character = this.#next();
    if (character === end) return false;
    if (character !== ',') throw this.#unexpected(context);
    this.#at += 1;
    return true;
  }

  #string(): string {
    const begin = this.#at;
    this.#at += 1;
    for (this.#skipPlain(); this.#text.charCodeAt(this.#at) !== QUOTE; this.#skipPlain()) this.#escape();
    this.#at += 1;
    const text = this.#text.slice(begin, this.#at);
    return text.includes('\\') ? (JSON.parse(text) as string) : text.slice(1, -1);
  }

  #skipPlain(): void {
    PLAIN.lastIndex = this.#at;
    this.#at += PLAIN.exec(this.#text)?.[0].length ?? 0;
  }

  #escape(): void {
    if (this.#text.charCodeAt(this.#at) !== BACKSLASH) throw this.#unexpected('in string literal');
    this.#at += 1;
    if (/^["\\/bfnrt]$/.test(this.#text[this.#at] ?? '')) this.#at += 1;
    else this.#unicodeEscape();
  }

  #unicodeEscape(): void {
    if (this.#text[this.#at] !== 'u') throw this.#unexpected('in string escape code');
    for (let digit = 0; digit < 4; digit += 1) {
      this.#at += 1;
      if (!/^[0-9a-fA-F]$/.test(this.#text[this.#at] ?? ''))
        throw this.#unexpected('in \\u hexadecimal character escape');
    }
    this.#at += 1;
  }

  #literal<Value>(word: string, value: Value): Value {
    for (const letter of word) {
      if (this.#text[this.#at] !== letter) throw this.#unexpected(`in literal ${word} (expecting '${letter}')`);
      this.#at += 1;
    }
    return value;
  }

  #number(): number {
    const begin = this.#at;
    NUMBER.lastIndex = begin;
    this.#at += NUMBER.exec(this.#text)?.[0].length ?? 0;
    this.#checkNumberEnd(begin);
    const text = this.#text.slice(begin, this.#at);
    const value = Number(text);
    if (!Number.isFinite(value)) this.#tooLarge ??= text;
    return Object.is(value, -0) ? 0 : value;
  }

  /** What begins to go on as a number and does not: `-`, `1.`, `1e`. */
  #checkNumberEnd(begin: number): void {
    const read = this.#text.slice(begin, this.#at);
    const rest = /^(?:-|\.|[eE][+-]?)/.exec(this.#text.slice(this.#at, this.#at + 2))?.[0];
    if (rest === undefined || (rest === '-' && read !== '')) return;
    if (rest === '.' && /[.eE]/.test(read)) return;
    if (rest.toLowerCase().startsWith('e') && /[eE]/.test(read)) return;
    this.#at += rest.length;
    if (rest === '-') throw this.#unexpected('in numeric literal');
    throw this.#unexpected(rest === '.' ? 'after decimal point in numeric literal' : 'in exponent of numeric literal');
  }

  /** The character that comes next, spaces left out. */
  #next(): string | undefined {
    let code = this.#text.charCodeAt(this.#at);
    while (code === SPACE || code === 10 || code === 13 || code === 9) code = this.#text.charCodeAt((this.#at += 1));
    return this.#text[this.#at];
  }

  #unexpected(context: string): JsonSyntaxError {
    const character = this.#text.slice(this.#at, this.#at + 2);
    if (character !== '') return new JsonSyntaxError(`invalid character ${characterText(character)} ${context}`);
    // Go ends a text with a space: within a word that is the wrong character, elsewhere the end.
    const isInWord = /literal|escape/.test(context) && context !== 'in string literal';
    return new JsonSyntaxError(isInWord ? `invalid character ' ' ${context}` : 'unexpected end of JSON input');
  }
}

function pathText(path: readonly (string | number)[]): string {
  return path.map((step, at) => (typeof step === 'number' ? `[${step}]` : `${at === 0 ? '' : '.'}${step}`)).join('');
}

/** Go reads bytes: of a character beyond ASCII its first one is told. */
function characterText(text: string): string {
  const byte = String.fromCharCode(Buffer.from(String.fromCodePoint(text.codePointAt(0) ?? 0))[0] ?? 0);
  if (byte === "'") return String.raw`'\''`;
  return byte === '"' ? `'"'` : `'${quoted(byte).slice(1, -1)}'`;
}
