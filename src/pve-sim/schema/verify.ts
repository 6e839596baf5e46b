// Checks parameters against a schema the way PVE does: all problems at once, one text each (pve-behaviour 3).
import type { Profile } from '../profiles/profile.ts';
import type { Property, Schema } from './property.ts';

/** A parameter as it came: text, a repeated key's list, or whatever JSON held. */
export type RawValue = unknown;
export type Verified = Record<string, string | readonly string[]>;

const UNKNOWN = 'property is not defined in schema and the schema does not allow additional properties';
const MISSING = 'property is missing and it is not optional';

/**
 * @param prefix `net0.` for the keys of a property string
 * @returns texts by parameter (without the prefix); empty where all is well
 */
export function problems(
  values: Readonly<Record<string, RawValue>>,
  schema: Schema,
  profile: Profile,
  prefix = '',
): Record<string, string> {
  const errors: Record<string, string> = {};
  // Two texts for one parameter are joined by a backslash and an n, not by a line break.
  const add = (name: string, text: string): void => {
    errors[name] = errors[name] === undefined ? text : `${errors[name]}\\n${text}`;
  };
  for (const [name, property] of Object.entries(schema)) {
    const value = values[name] ?? undefined;
    if (value === undefined) {
      if (property.optional !== true) add(name, MISSING);
      continue;
    }
    for (const { suffix, problem } of valueProblems(value, property, `${prefix}${name}`, profile))
      add(`${name}${suffix}`, problem);
  }
  for (const name of Object.keys(values)) {
    if (values[name] === undefined) continue;
    const needed = schema[name]?.requires;
    if (schema[name] === undefined) add(name, UNKNOWN);
    else if (needed !== undefined && (values[needed] ?? undefined) === undefined)
      add(needed, requiredText(`${prefix}${name}`, profile));
  }
  return errors;
}

interface Finding {
  /** `[0]` for the first element of an array. */
  readonly suffix: string;
  readonly problem: string;
}

function valueProblems(value: unknown, property: Property, name: string, profile: Profile): Finding[] {
  const found = (suffix: string, problem: string | undefined): Finding[] =>
    problem === undefined ? [] : [{ suffix, problem }];
  if (property.type !== 'array') return found('', scalarProblem(value, property, name, profile));
  const { items } = property;
  if (typeof value === 'object' && !Array.isArray(value)) return found('', "type check ('array') failed");
  if (items === undefined) return [];
  return elements(value).flatMap((element, index) =>
    found(`[${index}]`, scalarProblem(element, items, `${name}[${index}]`, profile)),
  );
}

/** One value stands for a list of one. */
function elements(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

function requiredText(by: string, profile: Profile): string {
  return profile.has('requiredByText')
    ? `missing property required by '${by}'`
    : `missing property - '${by}' requires this property`;
}

/** Values as handlers get them: text, with JSON numbers and booleans spelled as PVE would store them. */
export function normalised(values: Readonly<Record<string, RawValue>>, schema: Schema): Verified {
  const result: Verified = {};
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined || value === null) continue;
    const many = schema[name]?.type === 'array';
    if (Array.isArray(value)) result[name] = many ? value.map(spell) : value.map(spell).join(',');
    else result[name] = many ? [spell(value)] : spell(value);
  }
  return result;
}

function spell(value: unknown): string {
  if (typeof value === 'boolean') return value ? '1' : '0';
  return typeof value === 'string' ? value : String(value);
}

function scalarProblem(value: unknown, property: Property, name: string, profile: Profile): string | undefined {
  const plain = property.format?.list === true && Array.isArray(value) ? value.map(spell).join(',') : value;
  return typeProblem(plain, property, profile) ?? valueProblem(spell(plain), property, name, profile);
}

const NUMERIC: Readonly<Record<string, RegExp>> = {
  integer: /^[+-]?\d+$/,
  number: /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/,
  boolean: /^[01]$/,
};

function typeProblem(value: unknown, property: Property, profile: Profile): string | undefined {
  const wrong = (got: string): string => `type check ('${property.type}') failed - got ${got}`;
  if (Array.isArray(value)) return wrong('ARRAY');
  if (typeof value === 'object') return wrong('HASH');
  if (typeof value === 'boolean') {
    const passes = property.type === 'boolean' && profile.has('jsonBooleans');
    return passes ? undefined : wrong('JSON::PP::Boolean');
  }
  const pattern = NUMERIC[property.type];
  return pattern === undefined || pattern.test(spell(value)) ? undefined : wrong(`'${spell(value)}'`);
}

function valueProblem(value: string, property: Property, name: string, profile: Profile): string | undefined {
  const reason = property.format?.check(value, name, profile);
  if (reason !== undefined) return `invalid format - ${reason}\n`;
  const { pattern, minLength = 0, maxLength = Number.POSITIVE_INFINITY } = property;
  if (pattern !== undefined && !new RegExp(`^(?:${pattern.source})$`, pattern.flags).test(value)) {
    return 'value does not match the regex pattern';
  }
  const length = [...value].length;
  if (length > maxLength) return `value may only be ${maxLength} characters long`;
  if (length < minLength) return `value must be at least ${minLength} characters long`;
  return rangeProblem(Number(value), property) ?? choiceProblem(value, property);
}

function choiceProblem(value: string, property: Property): string | undefined {
  if (property.enum === undefined || property.enum.includes(value)) return undefined;
  return `value '${value}' does not have a value in the enumeration '${property.enum.join(', ')}'`;
}

function rangeProblem(value: number, property: Property): string | undefined {
  if (property.maximum !== undefined && value > property.maximum)
    return `value must have a maximum value of ${property.maximum}`;
  if (property.minimum !== undefined && value < property.minimum)
    return `value must have a minimum value of ${property.minimum}`;
  return undefined;
}
