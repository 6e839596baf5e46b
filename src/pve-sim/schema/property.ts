// How one parameter is described: the part of PVE's schema dialect that its own messages come from.

import { splitList } from '../world/tags.ts';

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
  /** A list in one string: a repeated key is joined with commas. */
  readonly list?: boolean;
  /** Another parameter that has to come with this one. */
  readonly requires?: string;
}

export type Schema = Readonly<Record<string, Property>>;

/**
 * Says why a value is refused, or undefined.
 * @param name the parameter, which structured formats put before their own keys
 */
export type Format = (value: string, name: string) => string | undefined;

type Extra = Omit<Property, 'type' | 'optional'>;

export const text = (extra: Extra = {}): Property => ({ type: 'string', ...extra });
export const integer = (extra: Extra = {}): Property => ({ type: 'integer', ...extra });
export const number = (extra: Extra = {}): Property => ({ type: 'number', ...extra });
export const flag = (extra: Extra = {}): Property => ({ type: 'boolean', optional: true, ...extra });
export const choice = (...values: readonly string[]): Property => ({ type: 'string', enum: values });
/** A list of values in one string, each of the format. */
export const listText = (format: Format): Property => ({
  type: 'string',
  optional: true,
  list: true,
  format: (value, name) =>
    splitList(value)
      .map((part) => format(part, name))
      .find((reason) => reason !== undefined),
});
export const optional = (property: Property): Property => ({ ...property, optional: true });
