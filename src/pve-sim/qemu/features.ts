// `GET .../feature`: whether all volumes of a guest, or of one of its snapshots, can be snapshotted, cloned or copied, and on
// which nodes the guest could be (pve-behaviour 10).
import type { Sim } from '../sim.ts';
import { dataDrives, driveCan } from '../storage/drive-features.ts';
import { drivesOf } from '../world/drive.ts';
import { storageIdOf } from '../world/volid.ts';
import { isOnNode } from '../world/volumes.ts';
import type { Guest } from '../world/world.ts';
import { requireSnapshot } from './snapshots/sections.ts';

export interface FeatureAnswer {
  readonly hasFeature: 0 | 1;
  readonly nodes: readonly string[];
}

export function guestFeature(
  sim: Sim,
  guest: Guest,
  feature: 'snapshot' | 'clone' | 'copy',
  snapshot: string | undefined,
): FeatureAnswer {
  const config = snapshot === undefined ? guest.config : requireSnapshot(guest, snapshot);
  const drives = dataDrives(drivesOf(config));
  return {
    hasFeature: drives.every(([, drive]) => driveCan(sim.world, drive, feature, snapshot)) ? 1 : 0,
    nodes: Object.keys(sim.world.nodes).filter((node) => canBeOn(sim, guest, config, node)),
  };
}

/** Everything on local storage ties the guest to its node, media too. */
function canBeOn(sim: Sim, guest: Guest, config: Readonly<Record<string, string>>, node: string): boolean {
  return drivesOf(config)
    .filter(([, { file }]) => file.includes(':'))
    .every(([, { file }]) => {
      const storage = sim.world.storages[storageIdOf(file)];
      if (storage === undefined || storage.disabled) return false;
      return storage.shared ? isOnNode(storage, node) : node === guest.node;
    });
}
