// Parameters of a call as PVE wants them on every version: form-encoded, booleans 0 and 1, repeated keys for arrays
// (pve-behaviour 1.4, 25). `;` separates pairs for PVE as `&` does, so everything but unreserved characters is escaped.

/** Undefined entries are left out. */
export type Params = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** `a=1&b=x%20y`, the same for query strings and form bodies; empty for no parameters. */
export function encodeParams(params: Params = {}): string {
  return Object.entries(params)
    .flatMap(([key, value]) =>
      paramTexts(value).map((text) => `${encodeURIComponent(key)}=${encodeURIComponent(text)}`),
    )
    .join('&');
}

/** The texts one parameter stands for: several for a list, none for undefined. */
export function paramTexts(value: Params[string]): readonly string[] {
  if (value === undefined) return [];
  if (typeof value === 'boolean') return [value ? '1' : '0'];
  return typeof value === 'object' ? value : [String(value)];
}
