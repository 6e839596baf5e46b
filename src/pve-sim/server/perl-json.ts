// JSON as PVE's parser reads it: the same values, and for text that is none its words and the place (recording one-node/22).
import { TransportError } from '../pve-error.ts';

/** Where the server's own errors come from, as Perl tells it; the line is one of many versions'. */
export const AT_SERVER = ' at /usr/share/perl5/PVE/APIServer/AnyEvent.pm line 1000.\n';

/** @throws 500 with the parser's words */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new TransportError(500, `${faultOf(text)}${AT_SERVER}`);
  }
}

class JsonFault extends Error {
  override readonly name = 'JsonFault';
  readonly at: number;

  constructor(what: string, at: number) {
    super(what);
    this.at = at;
  }
}

function faultOf(text: string): string {
  try {
    const end = skipBlanks(text, readValue(text, skipBlanks(text, 0)));
    throw new JsonFault('garbage after JSON object', end);
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    return `${error.message}, at character offset ${error.at} (before "${shown(text.slice(error.at))}")`;
  }
}

const SHOWN_CHARACTERS = 20;
const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\' };

function shown(rest: string): string {
  if (rest === '') return '(end of string)';
  const plain = rest.replaceAll(/[\n\r\t\\]/g, (character) => ESCAPES[character] ?? character);
  return plain.length > SHOWN_CHARACTERS ? `${plain.slice(0, SHOWN_CHARACTERS)}...` : plain;
}

function skipBlanks(text: string, at: number): number {
  let next = at;
  while (next < text.length && ' \t\r\n'.includes(text.charAt(next))) next += 1;
  return next;
}

/** @returns where the value ends */
function readValue(text: string, at: number): number {
  const first = text.charAt(at);
  if (first === '"') return readString(text, at + 1);
  if (first === '[') return readArray(text, skipBlanks(text, at + 1));
  if (first === '{') return readObject(text, skipBlanks(text, at + 1));
  if (first !== '' && '-0123456789'.includes(first)) return readNumber(text, at);
  const word = ['true', 'false', 'null'].find((each) => first !== '' && each.startsWith(first));
  if (word === undefined)
    throw new JsonFault('malformed JSON string, neither tag, array, object, number, string or atom', at);
  if (!text.startsWith(word, at)) throw new JsonFault(`'${word}' expected`, at);
  return at + word.length;
}

function readString(text: string, start: number): number {
  for (let at = start; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '"') return at + 1;
    if (character < ' ')
      throw new JsonFault(
        `invalid character 0x${text.charCodeAt(at).toString(16).toUpperCase()} encountered while parsing JSON string`,
        at,
      );
    if (character === '\\') at = readEscape(text, at + 1);
  }
  throw new JsonFault('unexpected end of string while parsing JSON string', text.length);
}

function readEscape(text: string, at: number): number {
  const kind = text.charAt(at);
  if (kind !== '' && '"\\/bfnrt'.includes(kind)) return at;
  if (kind !== 'u') throw new JsonFault('illegal backslash escape sequence in string', at);
  if (!/^[0-9a-fA-F]{4}$/.test(text.slice(at + 1, at + 5)))
    throw new JsonFault('malformed \\uXXXX character in JSON string', at + 1);
  return at + 4;
}

function readNumber(text: string, start: number): number {
  const minus = text.charAt(start) === '-' ? start + 1 : start;
  const whole = skipDigits(text, minus);
  if (whole === minus) throw new JsonFault('malformed number (no digits after initial minus)', minus);
  if (text.charAt(minus) === '0' && whole > minus + 1)
    throw new JsonFault('malformed number (leading zero must not be followed by another digit)', minus + 1);
  const fraction = text.charAt(whole) === '.' ? skipDigits(text, whole + 1) : whole;
  if (fraction === whole + 1) throw new JsonFault('malformed number (no digits after decimal point)', fraction);
  if (!'eE'.includes(text.charAt(fraction) || ' ')) return fraction;
  const sign = '+-'.includes(text.charAt(fraction + 1) || ' ') ? fraction + 2 : fraction + 1;
  const exponent = skipDigits(text, sign);
  if (exponent === sign) throw new JsonFault('malformed number (no digits after exp sign)', exponent);
  return exponent;
}

function skipDigits(text: string, start: number): number {
  let at = start;
  while (/^\d$/.test(text.charAt(at))) at += 1;
  return at;
}

function readArray(text: string, start: number): number {
  if (text.charAt(start) === ']') return start + 1;
  for (let at = start; ; ) {
    const end = skipBlanks(text, readValue(text, at));
    if (text.charAt(end) === ']') return end + 1;
    if (text.charAt(end) !== ',') throw new JsonFault(', or ] expected while parsing array', end);
    at = skipBlanks(text, end + 1);
  }
}

function readObject(text: string, start: number): number {
  if (text.charAt(start) === '}') return start + 1;
  for (let at = start; ; ) {
    if (text.charAt(at) !== '"') throw new JsonFault(`'"' expected`, at);
    const colon = skipBlanks(text, readString(text, at + 1));
    if (text.charAt(colon) !== ':') throw new JsonFault(`':' expected`, colon);
    const end = skipBlanks(text, readValue(text, skipBlanks(text, colon + 1)));
    if (text.charAt(end) === '}') return end + 1;
    if (text.charAt(end) !== ',') throw new JsonFault(', or } expected while parsing object/hash', end);
    at = skipBlanks(text, end + 1);
  }
}
