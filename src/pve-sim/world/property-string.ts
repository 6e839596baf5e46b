// PVE's comma-separated `key=value` strings. Parsing here trusts what the schema has accepted.

export type Properties = Record<string, string>;

/** @param defaultKey the key of the one part that may stand without its name. */
export function parseProperties(text: string, defaultKey?: string): Properties {
  const properties: Properties = {};
  for (const part of text.split(',')) {
    const split = part.indexOf('=');
    if (split > 0) properties[part.slice(0, split)] = part.slice(split + 1);
    else if (defaultKey !== undefined && part !== '') properties[defaultKey] = part;
  }
  return properties;
}

/** The default key's value first and bare, then the rest sorted (pve-behaviour 3). */
export function formatProperties(properties: Readonly<Properties>, defaultKey?: string): string {
  const first = defaultKey === undefined ? undefined : properties[defaultKey];
  const rest = Object.keys(properties)
    .filter((key) => key !== defaultKey)
    .sort()
    .map((key) => `${key}=${properties[key] ?? ''}`);
  return (first === undefined ? rest : [first, ...rest]).join(',');
}

const TRUE = /^(1|on|yes|true)$/i;
const FALSE = /^(0|off|no|false)$/i;

/** Booleans inside property strings are stored as 1 and 0 wherever PVE prints the string again. */
export function normaliseBoolean(text: string): string {
  if (TRUE.test(text)) return '1';
  return FALSE.test(text) ? '0' : text;
}
