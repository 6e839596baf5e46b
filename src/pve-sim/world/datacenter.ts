// What the datacenter's options mean to those who go by them.
import { profileOfNode } from '../profiles/profile-of-node.ts';
import { parseProperties } from './property-string.ts';
import type { World } from './world.ts';

/** Of new MACs; the versions that have it tell it as if it were set (pve-behaviour 21). */
export const DEFAULT_MAC_PREFIX = 'BC:24:11';

/** @returns '' where there is none */
export function macPrefix(world: World, node: string): string {
  const byVersion = profileOfNode(world, node).has('defaultMacPrefix') ? DEFAULT_MAC_PREFIX : '';
  return world.cluster.options['mac_prefix'] ?? byVersion;
}

/** Free ids are looked for from `lower` on, below `upper` (recording one-node/20). */
export function nextIdRange(world: World): { readonly lower: number; readonly upper: number } {
  const { lower = '100', upper = '1000000' } = parseProperties(world.cluster.options['next-id'] ?? '');
  return { lower: Number(lower), upper: Number(upper) };
}

export interface TagStyle {
  readonly caseSensitive: boolean;
  readonly sorted: boolean;
}

export function tagStyle(world: World): TagStyle {
  const style = parseProperties(world.cluster.options['tag-style'] ?? '');
  return { caseSensitive: style['case-sensitive'] === '1', sorted: style['ordering'] !== 'config' };
}

type UserAllow = 'none' | 'list' | 'existing' | 'free';

export interface TagPolicy {
  /** Whose tags those without Sys.Modify may set. */
  readonly userAllow: UserAllow;
  readonly listed: readonly string[];
  /** Tags that need Sys.Modify. */
  readonly registered: readonly string[];
}

export function tagPolicy(world: World): TagPolicy {
  const access = parseProperties(world.cluster.options['user-tag-access'] ?? '');
  return {
    userAllow: (access['user-allow'] ?? 'free') as UserAllow,
    listed: splitTags(access['user-allow-list'] ?? ''),
    registered: splitTags(world.cluster.options['registered-tags'] ?? ''),
  };
}

/** The tags of a datacenter option. */
export function splitTags(text: string): string[] {
  return text.split(';').filter((tag) => tag !== '');
}
