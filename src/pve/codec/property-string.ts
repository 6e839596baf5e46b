// The grammar that most options of PVE share: `value,key=value,...` (pve-behaviour 3, 21). One key of an option may
// stand for its bare value. Keys are kept even where nobody here knows them.

export type Properties = Readonly<Record<string, string>>;

/** Undefined for a part without a key where none is allowed, an empty value, or a key that comes twice. */
export function parseProperties(text: string, defaultKey?: string): Properties | undefined {
  const properties: Record<string, string> = {};
  for (const part of text.split(',')) {
    const trimmed = part.trim();
    if (trimmed === '') continue;
    const equals = trimmed.indexOf('=');
    const key = equals < 0 ? defaultKey : trimmed.slice(0, equals);
    const value = trimmed.slice(equals + 1);
    if (key === undefined || key === '' || value === '' || Object.hasOwn(properties, key)) return undefined;
    properties[key] = value;
  }
  return properties;
}

/** PVE's own order: the default key's value bare and first, the rest by key. Undefined entries are left out. */
export function formatProperties(
  properties: Readonly<Record<string, string | number | boolean | undefined>>,
  defaultKey?: string,
): string {
  const known = Object.entries(properties).filter(([, value]) => value !== undefined);
  const rank = (key: string): string => (key === defaultKey ? '' : key);
  return known
    .sort(([a], [b]) => (rank(a) < rank(b) ? -1 : 1))
    .map(([key, value]) => {
      const text = typeof value === 'boolean' ? (value ? '1' : '0') : String(value);
      return key === defaultKey ? text : `${key}=${text}`;
    })
    .join(',');
}

/** True and false as PVE reads them inside property strings; undefined for anything else. */
export function parseFlag(text: string | undefined): boolean | undefined {
  if (text === undefined) return undefined;
  if (/^(1|on|yes|true)$/i.test(text)) return true;
  return /^(0|off|no|false)$/i.test(text) ? false : undefined;
}

/** `properties` with the named flags as PVE stores them, 1 and 0; undefined if one of them is no flag. */
export function canonicalFlags(properties: Properties, flags: readonly string[]): Properties | undefined {
  const changed: Record<string, string> = {};
  for (const flag of flags) {
    if (!Object.hasOwn(properties, flag)) continue;
    const value = parseFlag(properties[flag]);
    if (value === undefined) return undefined;
    changed[flag] = value ? '1' : '0';
  }
  return { ...properties, ...changed };
}

/** The entries that `known` does not name. */
export function restOf(properties: Properties, known: readonly string[]): Properties {
  return Object.fromEntries(Object.entries(properties).filter(([key]) => !known.includes(key)));
}
