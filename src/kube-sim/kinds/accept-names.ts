// Which names of a definition are its own: what another definition of the group has been given first is not.
import type { KubeObject } from '../object.ts';
import type { Condition } from './conditions.ts';
import { type DefinitionNames, specOf } from './custom-kind.ts';
import { members } from './own-kind.ts';

export interface Acceptance {
  readonly names: Partial<DefinitionNames>;
  readonly condition: Condition;
}

/** @param others definitions of the same group */
export function acceptNames(definition: KubeObject, others: readonly KubeObject[]): Acceptance {
  const { names: wanted } = specOf(definition);
  const given = others.map((other) => acceptedNames(other));
  const words = new Set(given.flatMap(({ plural, singular, shortNames = [] }) => [plural, singular, ...shortNames]));
  const kinds = new Set(given.flatMap(({ kind, listKind }) => [kind, listKind]));
  const taken = (name: string | undefined, among: ReadonlySet<string | undefined>): boolean =>
    name !== undefined && among.has(name);
  const conflicts = [
    { of: 'Plural', name: wanted.plural, isTaken: taken(wanted.plural, words) },
    { of: 'Singular', name: wanted.singular, isTaken: taken(wanted.singular, words) },
    ...(wanted.shortNames ?? []).map((name) => ({ of: 'ShortNames', name, isTaken: taken(name, words) })),
    { of: 'Kind', name: wanted.kind, isTaken: taken(wanted.kind, kinds) },
    { of: 'ListKind', name: wanted.listKind, isTaken: taken(wanted.listKind, kinds) },
  ].filter(({ isTaken }) => isTaken);
  // A real server looks at one after the other, and tells of the last.
  const last = conflicts.at(-1);
  if (last === undefined) return { names: wanted, condition: ACCEPTED };
  const lost = new Set(conflicts.map(({ of }) => `${of[0]?.toLowerCase()}${of.slice(1)}`));
  const free = Object.entries(wanted).filter(([name]) => !lost.has(name));
  const message = `${JSON.stringify(last.name)} is already in use`;
  return {
    names: { ...acceptedNames(definition), ...Object.fromEntries(free) },
    condition: { type: 'NamesAccepted', status: 'False', reason: `${last.of}Conflict`, message },
  };
}

const ACCEPTED: Condition = {
  type: 'NamesAccepted',
  status: 'True',
  reason: 'NoConflicts',
  message: 'no conflicts found',
};

export function acceptedNames(definition: KubeObject): Partial<DefinitionNames> {
  return members(members(definition['status'])['acceptedNames']);
}
