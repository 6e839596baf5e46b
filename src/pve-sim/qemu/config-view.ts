// A guest's config as the API shows it (pve-behaviour 10).
import { PASSWORD_MASK } from '../cloudinit/password.ts';
import type { Profile } from '../profiles/profile.ts';
import { jsonValue } from '../schema/json-value.ts';
import { configDigest } from '../world/config-text.ts';
import type { Guest } from '../world/world.ts';
import { requireSnapshot } from './snapshots/sections.ts';
import { isReadable } from './unreadable.ts';

/** @param current without the pending changes, which otherwise lie over it */
export function viewConfig(profile: Profile, guest: Guest, current: boolean): Record<string, string | number> {
  const options = current ? guest.config : { ...withoutDeleted(guest), ...guest.pending };
  const shown = Object.entries(options)
    .filter(([key, value]) => isReadable(key, value))
    .map(([key, value]): [string, string | number] => [key, shownValue(profile, key, value)]);
  return { ...Object.fromEntries(shown), digest: configDigest(guest) };
}

/** As it was when the snapshot was taken, with the digest of today. */
export function viewSnapshot(profile: Profile, guest: Guest, name: string): Record<string, string | number> {
  const section = Object.entries(requireSnapshot(guest, name));
  const shown = section.map(([key, value]): [string, string | number] => [key, shownValue(profile, key, value)]);
  return { ...Object.fromEntries(shown), digest: configDigest(guest) };
}

export interface PendingRow {
  readonly key: string;
  readonly value?: string | number;
  readonly pending?: string | number;
  /** 2: forced */
  readonly delete?: 1 | 2;
}

export function viewPending(profile: Profile, guest: Guest): PendingRow[] {
  const keys = new Set([
    ...Object.keys(guest.config),
    ...Object.keys(guest.pending),
    ...Object.keys(guest.pendingDelete),
  ]);
  const rows = [...keys].sort().map((key): PendingRow => {
    const value = guest.config[key];
    const pending = guest.pending[key];
    const deleted = guest.pendingDelete[key];
    return {
      key,
      ...(value === undefined ? {} : { value: shownValue(profile, key, value) }),
      ...(pending === undefined ? {} : { pending: shownValue(profile, key, pending) }),
      ...(deleted === undefined ? {} : { delete: deleted ? 2 : 1 }),
    };
  });
  return [...rows, { key: 'digest', value: configDigest(guest) }];
}

/** A value of 0 is shown although it is to be deleted (recording one-node/52). */
function withoutDeleted(guest: Guest): Record<string, string> {
  const isShown = ([key, value]: [string, string]): boolean => guest.pendingDelete[key] === undefined || value === '0';
  return Object.fromEntries(Object.entries(guest.config).filter(isShown));
}

function shownValue(profile: Profile, key: string, value: string): string | number {
  return key === 'cipassword' ? PASSWORD_MASK : jsonValue(profile, key, value);
}
