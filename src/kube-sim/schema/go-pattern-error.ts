// What is wrong with a pattern, as Go's own reader of patterns says it: it knows neither looks around nor references back,
// and nobody shall write a CRD here that no Kubernetes takes.

/** ``missing closing ]: `[` ``; undefined for a pattern that Go can read. */
export function goPatternError(pattern: string): string | undefined {
  try {
    new Reader(pattern).read();
    return undefined;
  } catch (error) {
    if (error instanceof PatternError) return error.message;
    throw error;
  }
}

class PatternError extends Error {
  constructor(what: string, where: string) {
    super(`${what}: \`${where}\``);
  }
}

const MOST_REPEATS = 1000;
const NAMED_CLASS = /^\[:\^?(?:alnum|alpha|ascii|blank|cntrl|digit|graph|lower|print|punct|space|upper|word|xdigit):\]/;
const OCTAL = /^\\(?:[1-7][0-7]|0)[0-7]{0,2}/;
const HEX = /^\\x(?:\{0*(?:10|[\da-fA-F])?[\da-fA-F]{1,4}\}|[\da-fA-F]{2})/;
const ESCAPE = /^\\(?:[afnrtv]|[^\p{L}\p{N}\u0080-\u{10FFFF}])/u;
/** As much as was read until it was wrong. */
const WRONG_ESCAPE = /^\\(?:x\{[\da-fA-F]*[^]?|x[^]{0,2}|[^])/u;
const UNICODE_CLASS = /^\\[pP](?:\{(\^?)(\w*)\}|(\w))?/;

class Reader {
  readonly #pattern: string;
  #at = 0;
  #depth = 0;
  /** Something that can be repeated stands before. */
  #isRepeatable = false;
  /** Where the repetition that ends here begins. */
  #repeat: number | undefined;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  read(): void {
    while (this.#at < this.#pattern.length) this.#one();
    if (this.#depth > 0) throw new PatternError('missing closing )', this.#pattern);
  }

  get #rest(): string {
    return this.#pattern.slice(this.#at);
  }

  #one(): void {
    const last = this.#repeat;
    this.#repeat = undefined;
    const [character = ''] = this.#rest;
    if (character === '(') this.#open();
    else if (character === ')') this.#close();
    else if (character === '|') this.#pass(1, false);
    else if (character === '[') this.#class();
    else if ('*+?'.includes(character)) this.#repeated(1, last);
    else if (character === '{') this.#counted(last);
    else if (character === '\\') this.#escape();
    else this.#pass(character.length);
  }

  #pass(length: number, isRepeatable = true): void {
    this.#at += length;
    this.#isRepeatable = isRepeatable;
  }

  #open(): void {
    const isPerl = this.#rest.startsWith('(?');
    const flags = isPerl ? this.#perl() : undefined;
    if (flags?.endsWith(')') === true) return this.#pass(flags.length, this.#isRepeatable);
    this.#depth += 1;
    this.#pass(flags?.length ?? 1, false);
  }

  /** The beginning of a named group, of one that is not captured, or flags alone. */
  #perl(): string {
    const rest = this.#rest;
    const name = /^\(\?P?<(\w+)>/.exec(rest)?.[0];
    if (name !== undefined) return name;
    if (/^\(\?P?<./.test(rest)) throw new PatternError('invalid named capture', /^[^>]*>/.exec(rest)?.[0] ?? rest);
    const [flags = ''] = /^\(\?[imsU]*(?:-[imsU]+)?[:)]/.exec(rest) ?? [];
    if (flags !== '') return flags;
    const [, known = ''] = /^\(\?([imsU]*(?:-[imsU]*)?)/.exec(rest) ?? [];
    const [next = ''] = rest.slice(known.length + 2);
    throw new PatternError('invalid or unsupported Perl syntax', `(?${known}${next}`);
  }

  #close(): void {
    if (this.#depth === 0) throw new PatternError('unexpected )', this.#pattern);
    this.#depth -= 1;
    this.#pass(1);
  }

  #repeated(length: number, last: number | undefined): void {
    const start = this.#at;
    const end = start + length + (this.#pattern[start + length] === '?' ? 1 : 0);
    if (last !== undefined)
      throw new PatternError('invalid nested repetition operator', this.#pattern.slice(last, end));
    if (!this.#isRepeatable)
      throw new PatternError('missing argument to repetition operator', this.#pattern.slice(start, end));
    this.#at = end;
    this.#repeat = start;
  }

  /** What is no count is a brace. */
  #counted(last: number | undefined): void {
    const [count, from = '', to] = /^\{(0|[1-9]\d*)(?:,(0|[1-9]\d*)?)?\}/.exec(this.#rest) ?? [];
    if (count === undefined) return this.#pass(1);
    const isTooMany = Number(from) > MOST_REPEATS || Number(to ?? 0) > MOST_REPEATS;
    if (isTooMany || (to !== undefined && Number(from) > Number(to)))
      throw new PatternError('invalid repeat count', count);
    this.#repeated(count.length, last);
  }

  #escape(): void {
    const rest = this.#rest;
    const [text] = /^\\Q[^]*?(?:\\E|$)/.exec(rest) ?? /^\\[AbBz]/.exec(rest) ?? [];
    this.#pass(text?.length ?? this.#classEscape() ?? this.#single(rest));
  }

  /** The length of `\d` or `\p{Greek}`. */
  #classEscape(): number | undefined {
    const rest = this.#rest;
    if (/^\\[dDsSwW]/.test(rest)) return 2;
    const [text, , long, short] = UNICODE_CLASS.exec(rest) ?? [];
    if (text === undefined) return undefined;
    const name = long ?? short;
    if (name === undefined) throw new PatternError('invalid character class range', rest);
    if (!isUnicodeClass(name)) throw new PatternError('invalid character class range', text);
    return text.length;
  }

  /** The length of a character that may be escaped. */
  #single(rest: string): number {
    const [character = ''] = rest;
    if (character !== '\\') return character.length;
    if (rest === '\\') throw new PatternError('trailing backslash at end of expression', '');
    const [text] = HEX.exec(rest) ?? OCTAL.exec(rest) ?? ESCAPE.exec(rest) ?? [];
    if (text === undefined) throw new PatternError('invalid escape sequence', WRONG_ESCAPE.exec(rest)?.[0] ?? rest);
    return text.length;
  }

  #class(): void {
    const whole = this.#rest;
    this.#at += whole.startsWith('[^') ? 2 : 1;
    for (let isFirst = true; isFirst || !this.#rest.startsWith(']'); isFirst = false) this.#item(whole);
    this.#pass(1);
  }

  #item(whole: string): void {
    const rest = this.#rest;
    const named = /^\[:[^]*?:\]/.exec(rest)?.[0];
    if (named !== undefined && !NAMED_CLASS.test(named)) throw new PatternError('invalid character class range', named);
    const length = named?.length ?? this.#classEscape();
    if (length !== undefined) return void (this.#at += length);
    const start = this.#at;
    const low = this.#character(whole);
    if (!/^-[^\]]/.test(this.#rest)) return;
    this.#at += 1;
    const high = this.#character(whole);
    if (high < low) throw new PatternError('invalid character class range', this.#pattern.slice(start, this.#at));
  }

  /** Its code point. */
  #character(whole: string): number {
    const rest = this.#rest;
    if (rest === '') throw new PatternError('missing closing ]', whole);
    const text = rest.slice(0, this.#single(rest));
    this.#at += text.length;
    return codePoint(text);
  }
}

const CONTROLS: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };

function codePoint(text: string): number {
  const [, hex] = /^\\x\{?([\da-fA-F]+)/.exec(text) ?? [];
  if (hex !== undefined) return Number.parseInt(hex, 16);
  const [, octal] = /^\\([0-7]+)/.exec(text) ?? [];
  if (octal !== undefined) return Number.parseInt(octal, 8);
  const character = text.startsWith('\\') ? text.slice(1) : text;
  return CONTROLS[text.startsWith('\\') ? character : ''] ?? character.codePointAt(0) ?? 0;
}

function isUnicodeClass(name: string): boolean {
  if (name === 'Any') return true;
  return [`\\p{gc=${name}}`, `\\p{Script=${name}}`].some((source) => {
    try {
      return new RegExp(source, 'u').test('') || true;
    } catch {
      return false;
    }
  });
}
