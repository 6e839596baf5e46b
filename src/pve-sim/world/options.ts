// Options of a config by name.

export function sortedOptions(options: Readonly<Record<string, string>>): [name: string, value: string][] {
  return Object.entries(options).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/** Those that are set. */
export function pick(options: Readonly<Record<string, string>>, ...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])));
}
