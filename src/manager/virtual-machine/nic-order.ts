// Which NIC of a VM an entry of `networks` means. The provider goes by the order of the entries alone, a person by their names:
// entries that are written in another order, or without the first of them, still mean the NICs they have meant before.

interface Entry {
  readonly name: string;
}

/**
 * `said` as the provider is to be told it: each entry at the place of the one of its name in `before`. Entries of a new name
 * take the places of those that are no longer named, or come last. A place that nobody has taken is as it was.
 */
export function inOrderOf(before: unknown, said: unknown): unknown {
  if (!hasNames(before) || !hasNames(said)) return said;
  const isKnown = ({ name }: Entry): boolean => before.some((entry) => entry.name === name);
  const others = said.filter((entry) => !isKnown(entry));
  const isUnnamed = ({ name }: Entry): boolean => !said.some((entry) => entry.name === name);
  const places = before.map((entry) =>
    isUnnamed(entry) ? others.shift() : said.find(({ name }) => name === entry.name),
  );
  const last = places.findLastIndex((entry) => entry !== undefined);
  const filled = places.slice(0, last + 1).map((entry, index) => entry ?? before[index]);
  return [...filled, ...others];
}

/** Without names, or with one that is there twice, nobody can tell them apart but by their order. */
function hasNames(list: unknown): list is readonly Entry[] {
  if (!Array.isArray(list)) return false;
  const names = list.map((entry: Partial<Entry> | null) => entry?.name);
  return names.every((name) => typeof name === 'string') && new Set(names).size === names.length;
}
