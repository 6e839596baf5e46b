// How one parameter is described: the part of PVE's schema dialect that its own messages come from.
import type { Profile } from '../profiles/profile.ts';
import { splitList } from '../world/lists.ts';

export interface Property {
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'array';
  readonly optional?: boolean;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  /** Anchored at both ends. */
  readonly pattern?: RegExp;
  readonly format?: Format;
  /** What an array holds. */
  readonly items?: Property;
  /** Another parameter that has to come with this one. */
  readonly requires?: string;
}

export type Schema = Readonly<Record<string, Property>>;

/** What a value has to look like beyond its type. */
export interface Format {
  /** PVE's own name; a property string that is described in its place has none. */
  readonly name?: string;
  readonly check: Check;
  /** A list in one string: a repeated key is joined with commas. */
  readonly list?: boolean;
  /** What is in a property string such as `virtio,bridge=vmbr0`. */
  readonly content?: PropertyString;
}

/**
 * Says why a value is refused, or undefined.
 * @param name the parameter, which property strings put before their own keys
 * @param profile texts differ between versions
 */
export type Check = (value: string, name: string, profile: Profile) => string | undefined;

export interface PropertyString {
  readonly schema: Schema;
  /** The key whose value may stand without it. */
  readonly defaultKey?: string;
  /** Other names of a key, such as `volume` for `file`. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** Keys that are a value of `model` and carry a `macaddr`: `virtio=<MAC>`. */
  readonly models?: readonly string[];
}

type Extra = Omit<Property, 'type' | 'optional'>;

export const text = (extra: Extra = {}): Property => ({ type: 'string', ...extra });
export const integer = (extra: Extra = {}): Property => ({ type: 'integer', ...extra });
export const number = (extra: Extra = {}): Property => ({ type: 'number', ...extra });
export const flag = (extra: Extra = {}): Property => ({ type: 'boolean', optional: true, ...extra });
export const choice = (...values: readonly string[]): Property => ({ type: 'string', enum: values });
/** A list of values in one string, each of the format. */
export const listText = (format: Format, extra: Extra = {}): Property =>
  optional(text({ ...extra, format: listOf(format) }));
export const optional = (property: Property): Property => ({ ...property, optional: true });

/** PVE has a list of every format, named after it. */
function listOf({ name, check }: Format): Format {
  return {
    ...(name === undefined ? {} : { name: `${name}-list` }),
    list: true,
    check: (value, parameter, profile) =>
      splitList(value)
        .map((part) => check(part, parameter, profile))
        .find((reason) => reason !== undefined),
  };
}
