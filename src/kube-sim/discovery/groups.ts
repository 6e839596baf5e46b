// The groups of what is served, their versions in order of preference, and the resources of each.
import type { Resource } from '../resource.ts';

export interface Group {
  /** Empty for the core group. */
  readonly name: string;
  /** Made from CRDs. */
  readonly custom: boolean;
  /** The preferred one first. */
  readonly versions: readonly GroupVersion[];
}

export interface GroupVersion {
  readonly version: string;
  readonly resources: readonly Resource[];
}

/** Built-in groups as they come, then those of CRDs by name. */
export function groupsOf(resources: readonly Resource[]): readonly Group[] {
  const builtIn = resources.filter(({ custom }) => !custom);
  const custom = resources.filter((one) => one.custom).toSorted(byName);
  return [...Map.groupBy([...builtIn, ...custom], ({ group }) => group)].map(([name, members]) => ({
    name,
    custom: members.every((member) => member.custom),
    versions: [...Map.groupBy(members, ({ version }) => version)]
      .map(([version, of]) => ({ version, resources: of }))
      .toSorted((one, other) => compareVersions(one.version, other.version)),
  }));
}

function byName(one: Resource, other: Resource): number {
  return compare(`${one.group}/${one.plural}`, `${other.group}/${other.plural}`);
}

/** v2 before v1 before v2beta1 before v1alpha1 before anything else, by name. */
export function compareVersions(one: string, other: string): number {
  const [left, right] = [rank(one), rank(other)];
  const differing = left.findIndex((value, index) => value !== right[index]);
  return differing < 0 ? compare(one, other) : (right[differing] ?? 0) - (left[differing] ?? 0);
}

const STABILITY = ['alpha', 'beta', ''];

function rank(version: string): readonly [stability: number, major: number, minor: number] {
  const parts = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
  if (parts === null) return [-1, 0, 0];
  return [STABILITY.indexOf(parts[2] ?? ''), Number(parts[1]), Number(parts[3] ?? 0)];
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
