// A parameter's description in one form for both sides: the simulator's own and the one of PVE's schema file.
import type { Rule } from '#pve-sim/access/rules';
import type { Property, PropertyString, Schema } from '#pve-sim/schema/property';
import type { PveProperty } from './schema-file.ts';

/** Without what is absent; patterns count only as being there, since both dialects spell them in their own way. */
export type Comparable = Readonly<Record<string, unknown>>;

const present = (value: object): Comparable =>
  Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined && part !== false));
const asNumber = (value: number | string | undefined): number | undefined =>
  value === undefined ? undefined : Number(value);

function ofProperty(property: Property, isDefault = false): Comparable {
  const { type, enum: values, minimum, maximum, minLength, maxLength, pattern, format, items, requires } = property;
  return present({
    type,
    optional: property.optional === true,
    enum: values,
    minimum,
    maximum,
    minLength,
    maxLength,
    pattern: pattern !== undefined,
    format: format?.name ?? (format?.content === undefined ? undefined : ofContent(format.content)),
    items: items === undefined ? undefined : ofProperty(items),
    requires,
    isDefault,
  });
}

function ofContent({ schema, defaultKey, aliases = {}, models = [] }: PropertyString): Comparable {
  const keys = Object.entries(schema).map(([key, property]) => [key, ofProperty(property, key === defaultKey)]);
  const others = Object.entries(aliases).map(([key, alias]) => [key, { alias }]);
  const named = models.map((key) => [key, { alias: 'macaddr', keyAlias: 'model' }]);
  return Object.fromEntries([...keys, ...others, ...named]) as Comparable;
}

export function ofPve(property: PveProperty): Comparable {
  const { alias, keyAlias, type = 'string', format, items, pattern } = property;
  if (alias !== undefined) return present({ alias, keyAlias });
  return present({
    type,
    optional: property.optional === 1,
    // Null where PVE could not tell its values when the file was made.
    enum: property.enum ?? undefined,
    minimum: asNumber(property.minimum),
    maximum: asNumber(property.maximum),
    minLength: asNumber(property.minLength),
    maxLength: asNumber(property.maxLength),
    pattern: pattern !== undefined,
    format: typeof format === 'object' ? mapValues(format, ofPve) : format,
    items: items === undefined ? undefined : ofPve(items),
    requires: property.requires,
    isDefault: property.default_key === 1,
  });
}

/** `net0` to `net31` are one entry `net[n]` in PVE's file. */
export function ofSchema(schema: Schema, pve: Readonly<Record<string, PveProperty>>): Comparable {
  const nameOf = (key: string): string => {
    const numbered = `${key.replace(/\d+$/, '')}[n]`;
    return pve[key] === undefined && pve[numbered] !== undefined ? numbered : key;
  };
  return Object.fromEntries(Object.entries(schema).map(([key, property]) => [nameOf(key), ofProperty(property)]));
}

export function mapValues<From, To>(from: Readonly<Record<string, From>>, change: (value: From) => To) {
  return Object.fromEntries(Object.entries(from).map(([key, value]) => [key, change(value)]));
}

/** A declared permission as PVE writes it. */
export function ofRule(rule: Rule): unknown {
  switch (rule.kind) {
    case 'world':
    case 'everybody':
      return undefined;
    case 'self':
      return ['userid-param', 'self'];
    case 'realm':
      return ['userid-param', 'Realm.AllocateUser'];
    case 'user-group':
      return ['userid-group', rule.privileges, ...(rule.groups === undefined ? [] : ['groups_param', rule.groups])];
    case 'modify':
      return ['perm-modify', rule.path];
    case 'and':
    case 'or':
      return [rule.kind, ...rule.rules.map(ofRule)];
    case 'perm':
      return ofPerm(rule);
  }
}

function ofPerm(rule: Rule & { kind: 'perm' }): unknown {
  const any = rule.any && rule.privileges.length > 1 ? ['any', 1] : [];
  return [
    'perm',
    rule.path,
    rule.privileges,
    ...any,
    ...(rule.needs === undefined ? [] : ['require_param', rule.needs]),
  ];
}
