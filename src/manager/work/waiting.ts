// What waits in a queue, by groups.

/** Keys, each in the group it had when it came. */
export interface Waiting {
  has(key: string): boolean;
  add(key: string, group: string): void;
  remove(key: string): void;
  clear(): void;
  /** Those of which somebody waits; who has waited longest comes first. */
  groups(): string[];
  /** In the order in which they came. */
  of(group: string): Iterable<string>;
}

export function waitingByGroup(): Waiting {
  const groups = new Map<string, Set<string>>();
  const groupByKey = new Map<string, string>();
  return {
    has: (key) => groupByKey.has(key),
    add: (key, group) => {
      groupByKey.set(key, group);
      groups.set(group, (groups.get(group) ?? new Set()).add(key));
    },
    remove: (key) => {
      const group = groupByKey.get(key) ?? '';
      groupByKey.delete(key);
      groups.get(group)?.delete(key);
      if (groups.get(group)?.size === 0) groups.delete(group);
    },
    clear: () => {
      groups.clear();
      groupByKey.clear();
    },
    groups: () => [...groups.keys()],
    of: (group) => groups.get(group) ?? [],
  };
}
