// Label selectors, in the grammar and with the texts of a real server.
import { causeText, invalid, NO_FIELD } from '../causes.ts';
import { labelValue, qualifiedName } from '../objects/names.ts';
import { own } from '../own.ts';
import { type Cause, StatusError } from '../status.ts';
import { type Token, tokensOf } from './tokens.ts';

type Labels = Readonly<Record<string, string>>;
type Selects = (labels: Labels) => boolean;

/** Throws StatusError (400). The empty text selects all. */
export function parseLabelSelector(text: string): Selects {
  const requirements = new Parser(tokensOf(text)).requirements();
  return (labels) => requirements.every((requirement) => requirement(labels));
}

const BINARY = ['=', '!=', 'in', 'notin', '==', '>', '<'];
const BINARY_AS_TOLD = 'in, notin, =, ==, !=, gt, lt';

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  requirements(): Selects[] {
    const found: Selects[] = [];
    while (this.#next.kind !== 'end') {
      if (!this.#isName() && this.#next.text !== '!')
        throw wrong(`found '${this.#next.text}', expected: !, identifier, or 'end of string'`);
      found.push(this.#requirement());
      this.#separator();
    }
    return found;
  }

  #separator(): void {
    const { kind, text } = this.#take();
    if (kind === 'end') this.#at -= 1;
    else if (text !== ',') throw wrong(`found '${text}', expected: ',' or 'end of string'`);
    else if (!this.#isName() && this.#next.text !== '!')
      throw wrong(`found '${this.#next.text}', expected: identifier after ','`);
  }

  #requirement(): Selects {
    const isAbsent = this.#next.text === '!';
    if (isAbsent) this.#at += 1;
    const name = this.#isName();
    const key = this.#take().text;
    if (!name) throw unparsed(`found '${key}', expected: identifier`);
    const faults = qualifiedName(key);
    if (faults.length > 0) throw unparsed(causeText(invalid(NO_FIELD, key, faults.join('; '))));
    if (isAbsent || this.#next.kind === 'end' || this.#next.text === ',')
      return (labels) => Object.hasOwn(labels, key) !== isAbsent;
    return this.#comparison(key);
  }

  #comparison(key: string): Selects {
    const operator = this.#take().text;
    if (!BINARY.includes(operator)) throw unparsed(`found '${operator}', expected: ${BINARY_AS_TOLD}`);
    const isSet = operator === 'in' || operator === 'notin';
    const values = [...new Set(isSet ? this.#values() : [this.#value()])].sort();
    refuseValues(key, operator, values);
    return comparison(key, operator, values);
  }

  #value(): string {
    if (this.#next.kind === 'end' || this.#next.text === ',') return '';
    const isName = this.#isName();
    const { text } = this.#take();
    if (!isName) throw unparsed(`found '${text}', expected: identifier`);
    return text;
  }

  #values(): string[] {
    const open = this.#take();
    if (open.text !== '(') throw unparsed(`found '${open.text}' expected: '('`);
    if (this.#next.text === ')') {
      this.#at += 1;
      return [''];
    }
    if (!this.#isName() && this.#next.text !== ',')
      throw unparsed(`found '${this.#next.text}', expected: ',', ')' or identifier`);
    const values = this.#list();
    this.#at += 1;
    return values;
  }

  /** Up to, not with, the parenthesis. An empty place is an empty value. */
  #list(): string[] {
    const values: string[] = [];
    for (;;) {
      const isName = this.#isName();
      const { text } = this.#take();
      if (isName) {
        values.push(text);
        if (this.#next.text === ')' && this.#next.kind === 'operator') return values;
        if (this.#next.text !== ',') throw unparsed(`found '${this.#next.text}', expected: ',' or ')'`);
      } else if (text === ',') {
        if (values.length === 0) values.push('');
        if (this.#next.text === ')') return [...values, ''];
        if (this.#next.text === ',') {
          this.#at += 1;
          values.push('');
        }
      } else throw unparsed(`found '${text}', expected: ',', or identifier`);
    }
  }

  /** `in` and `notin` may be names and values, too. */
  #isName(): boolean {
    return this.#next.kind === 'word' || this.#next.text === 'in' || this.#next.text === 'notin';
  }

  get #next(): Token {
    return this.#tokens[this.#at] ?? { kind: 'end', text: '' };
  }

  #take(): Token {
    const token = this.#next;
    this.#at += 1;
    return token;
  }
}

function refuseValues(key: string, operator: string, values: readonly string[]): void {
  const causes = values.flatMap((value, index) => [
    ...(isOrder(operator) && integer(value) === undefined
      ? [invalid(`values[${index}]`, value, "for 'Gt', 'Lt' operators, the value must be an integer")]
      : []),
    ...wrongValue(key, value, index),
  ]);
  const texts = [...new Set(causes.map(causeText))];
  if (texts.length > 0) throw unparsed(texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(', ')}]`);
}

function wrongValue(key: string, value: string, index: number): Cause[] {
  const faults = labelValue(value);
  return faults.length === 0 ? [] : [invalid(`values[${index}][${key}]`, value, faults.join('; '))];
}

function comparison(key: string, operator: string, values: readonly string[]): Selects {
  if (isOrder(operator)) return (labels) => isBeyond(own(labels, key), operator, values[0] ?? '');
  const isExcluded = operator === 'notin' || operator === '!=';
  return (labels) => {
    const value = own(labels, key);
    return value === undefined ? isExcluded : values.includes(value) !== isExcluded;
  };
}

function isBeyond(label: string | undefined, operator: string, value: string): boolean {
  const [is, than] = [integer(label ?? ''), integer(value)];
  if (is === undefined || than === undefined) return false;
  return operator === '>' ? is > than : is < than;
}

function isOrder(operator: string): boolean {
  return operator === '>' || operator === '<';
}

/** 64 bits. */
function integer(text: string): bigint | undefined {
  if (!/^[-+]?\d+$/.test(text)) return undefined;
  const value = BigInt(text.replace('+', ''));
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

function unparsed(why: string): StatusError {
  return wrong(`unable to parse requirement: ${why}`);
}

function wrong(message: string): StatusError {
  return new StatusError(400, 'BadRequest', message);
}
