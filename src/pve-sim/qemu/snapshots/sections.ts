// A snapshot's section in the config file: what it keeps of the guest, and how the list shows it (pve-behaviour 14.1, 14.4).
import { failure } from '../../pve-error.ts';
import { configDigest } from '../../world/config-text.ts';
import { pick } from '../../world/options.ts';
import type { Guest } from '../../world/world.ts';

type Section = Record<string, string>;

const NOT_KEPT = /^(snapstate|snaptime|vmstate|lock|digest|description|unused\d+)$/;

/** Options that belong to the guest's state: a snapshot takes them, a rollback brings them back. */
export function stateOf(section: Readonly<Section>): Section {
  return Object.fromEntries(Object.entries(section).filter(([key]) => !NOT_KEPT.test(key)));
}

export function requireSnapshot(guest: Guest, name: string): Section {
  const section = guest.snapshots[name];
  if (section === undefined) throw failure(`snapshot '${name}' does not exist`);
  return section;
}

/** Whoever stands on a snapshot that goes stands on that one's parent from then on. */
export function unlinkFromParent(guest: Guest, name: string): void {
  const { parent } = requireSnapshot(guest, name);
  for (const section of [guest.config, ...Object.values(guest.snapshots)]) {
    if (section['parent'] !== name) continue;
    if (parent === undefined) delete section['parent'];
    else section['parent'] = parent;
  }
}

export function listSnapshots(guest: Guest): Record<string, unknown>[] {
  const rows = Object.entries(guest.snapshots).map(([name, section]) => ({
    name,
    description: section['description'] ?? '',
    snaptime: Number(section['snaptime'] ?? 0),
    vmstate: section['vmstate'] === undefined ? 0 : 1,
    ...pick(section, 'parent', 'snapstate'),
  }));
  const current = {
    name: 'current',
    description: 'You are here!',
    digest: configDigest(guest),
    running: guest.run === undefined ? 0 : 1,
    ...pick(guest.config, 'parent'),
  };
  return [...rows, current];
}
