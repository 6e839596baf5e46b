// Field selectors: `metadata.name=a1,spec.pool!=red`, for the few fields that a kind lets be selected.
import { goSyntax, numberText } from '../go-text.ts';
import type { Json, KubeObject } from '../object.ts';
import { isObject } from '../shape.ts';
import { StatusError } from '../status.ts';

const ALWAYS = ['metadata.name', 'metadata.namespace'];

/**
 * @param selectable paths (`spec.pool`) beside name and namespace
 * @param unsupported what is said of a field that cannot be selected. Throws StatusError (400).
 */
export function parseFieldSelector(
  text: string,
  selectable: readonly string[],
  unsupported = (field: string): string => `field label not supported: ${field}`,
): (object: KubeObject) => boolean {
  const terms = splitTerms(text)
    .sort()
    .filter((term) => term !== '')
    .map((term) => parseTerm(term, text));
  for (const { field } of terms)
    if (!ALWAYS.includes(field) && !selectable.includes(field)) throw wrong(unsupported(field));
  return (object) => terms.every(({ field, isEqual, value }) => (textAt(object, field) === value) === isEqual);
}

/** At every comma that no backslash stands before. */
function splitTerms(text: string): string[] {
  const terms = `,${text}`.match(/,(?:\\[^]|[^,\\]|\\$)*/g) ?? [];
  return terms.map((term) => term.slice(1));
}

function parseTerm(term: string, selector: string): { field: string; isEqual: boolean; value: string } {
  const { field, operator, value } = /^(?<field>[^]*?)(?<operator>!=|==|=)(?<value>[^]*)$/.exec(term)?.groups ?? {};
  if (field === undefined || value === undefined)
    throw wrong(`invalid selector: '${selector}'; can't understand '${term}'`);
  return { field, isEqual: operator !== '!=', value: unescaped(value) };
}

function unescaped(value: string): string {
  const bad = /^(?:\\[\\,=]|[^\\,=])*(?<bad>\\(?![\\,=])[^]?|[,=])/u.exec(value)?.groups?.['bad'];
  if (bad?.startsWith('\\')) throw wrong(`invalid field selector: invalid escape sequence: ${bad}`);
  if (bad !== undefined) throw wrong(`invalid field selector: unescaped character in value: ${bad.codePointAt(0)}`);
  return value.replaceAll(/\\([^])/g, '$1');
}

function textAt(object: KubeObject, field: string): string {
  const value = field
    .split('.')
    .reduce<Json | undefined>((parent, step) => (isObject(parent) ? parent[step] : undefined), object);
  if (value === undefined || value === null) return '';
  if (typeof value === 'number') return numberText(value);
  return typeof value === 'string' ? value : goSyntax(value);
}

function wrong(message: string): StatusError {
  return new StatusError(400, 'BadRequest', message);
}
