// The permission an endpoint declares, checked before its parameters are (pve-behaviour 2 and 5.1).
import { forbidden } from '../pve-error.ts';
import type { World } from '../world/world.ts';
import { isAllowed } from './permissions.ts';

export type Rule =
  | { readonly kind: 'everybody' }
  | {
      readonly kind: 'perm';
      readonly path: string;
      readonly privileges: readonly string[];
      readonly any: boolean;
      readonly needs?: string;
    }
  | { readonly kind: 'and' | 'or'; readonly rules: readonly Rule[] };

type RawParams = Readonly<Record<string, unknown>>;

export const everybody: Rule = { kind: 'everybody' };

/** All of the privileges. `{name}` in the path stands for a parameter. */
export function perm(path: string, ...privileges: readonly string[]): Rule {
  return { kind: 'perm', path, privileges, any: false };
}

export function permAny(path: string, ...privileges: readonly string[]): Rule {
  return { kind: 'perm', path, privileges, any: true };
}

/** Counts only where the parameter `needs` was sent. */
export function permWith(needs: string, path: string, ...privileges: readonly string[]): Rule {
  return { kind: 'perm', path, privileges, any: false, needs };
}

export function and(...rules: readonly Rule[]): Rule {
  return { kind: 'and', rules };
}

export function or(...rules: readonly Rule[]): Rule {
  return { kind: 'or', rules };
}

/** @throws 403: with path and privilege from a plain check, bare from an "or". */
export function checkRule(world: World, authId: string, rule: Rule, params: RawParams): void {
  if (rule.kind === 'and') {
    for (const part of rule.rules) checkRule(world, authId, part, params);
    return;
  }
  if (holds(world, authId, rule, params)) return;
  if (rule.kind !== 'perm') throw forbidden();
  throw forbidden(`${expandPath(rule.path, params)}, ${rule.privileges.join('|')}`);
}

function holds(world: World, authId: string, rule: Rule, params: RawParams): boolean {
  if (authId === 'root@pam') return true;
  switch (rule.kind) {
    case 'everybody':
      return true;
    case 'and':
      return rule.rules.every((part) => holds(world, authId, part, params));
    case 'or':
      return rule.rules.some((part) => holds(world, authId, part, params));
    case 'perm':
      if (rule.needs !== undefined && params[rule.needs] === undefined) return false;
      if (expandPath(rule.path, params) === '') return false;
      return isAllowed(world, authId, expandPath(rule.path, params), rule.privileges, rule.any);
  }
}

/** Raw parameters, not yet validated: one that is missing becomes `-`, and what is no ACL path is nobody's. */
function expandPath(path: string, params: RawParams): string {
  const expanded = path.replaceAll(/\{([^}]+)\}/g, (_, name: string) => {
    const value = params[name];
    return typeof value === 'string' || typeof value === 'number' ? String(value) : '-';
  });
  return /^[\w./@-]*$/.test(expanded) ? expanded : '';
}

/** An inline check of a handler. @throws 403 naming path and privileges */
export function requirePrivilege(
  world: World,
  authId: string,
  path: string,
  privileges: readonly string[],
  any = false,
): void {
  if (authId !== 'root@pam' && !isAllowed(world, authId, path, privileges, any)) {
    throw forbidden(`${path}, ${privileges.join('|')}`);
  }
}
