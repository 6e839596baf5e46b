// Values as the texts of a Kubernetes server show them. It is written in Go, and its formats shine through: `%q`, `%v`, `%#v`.
import type { Json } from './object.ts';

const SHORT: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '"': '\\"',
  '\\': '\\\\',
};

/** `"a\nb"`: in double quotes, what cannot be printed escaped (`%q`). */
export function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, escaped)}"`;
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (SHORT[character] !== undefined) return SHORT[character];
  if (code < 0x80) return `\\x${hex(code, 2)}`;
  return code < 0x1_00_00 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0');
}

/** As `%v` shows a number: `2.5`, `1e-05`, `1e+21`. */
export function numberText(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e21) return BigInt(value).toString();
  const [digits = '', exponent = ''] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power >= -4 && power < 21) return String(value);
  return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}

/** As Go source would have it (`%#v`): `map[string]interface {}{"name":"a"}` (recording 182). */
export function goSyntax(value: Json): string {
  if (value === null) return 'interface {}(nil)';
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'number') return numberText(value);
  if (typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return `[]interface {}{${value.map((item: Json) => goSyntax(item)).join(', ')}}`;
  const members = sorted(value as Record<string, Json>);
  return `map[string]interface {}{${members.map(([key, item]) => `${quoted(key)}:${goSyntax(item)}`).join(', ')}}`;
}

/** As `%+v` shows what was read from JSON: `map[spec:map[size:3]]`. */
export function goValue(value: Json): string {
  if (value === null) return '<nil>';
  if (typeof value === 'string') return value;
  if (typeof value !== 'object') return goSyntax(value);
  if (Array.isArray(value)) return `[${value.map((item: Json) => goValue(item)).join(' ')}]`;
  const members = sorted(value as Record<string, Json>);
  return `map[${members.map(([key, item]) => `${key}:${goValue(item)}`).join(' ')}]`;
}

/** JSON as Go writes it: members by name, nothing that means something in HTML. */
export function sortedJson(value: Json): string {
  const text = JSON.stringify(value, (_key, item: Json) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(sorted(item as Record<string, Json>))
      : item,
  );
  return text.replaceAll(/[<>&\u2028\u2029]/g, (character) => `\\u${hex(character.codePointAt(0) ?? 0, 4)}`);
}

function sorted(members: Readonly<Record<string, Json>>): (readonly [string, Json])[] {
  return Object.entries(members).sort(([a], [b]) => (a < b ? -1 : 1));
}
