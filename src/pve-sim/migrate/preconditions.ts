// `GET .../migrate`: where a guest could go and what it would have to take along (recordings two-node/01 and 07).
import type { Profile } from '../profiles/profile.ts';
import { checkNoLock, requireQemu } from '../world/guests.ts';
import { findVolume, isOnNode } from '../world/volumes.ts';
import type { Guest, World } from '../world/world.ts';
import { localResources } from './local-resources.ts';
import { type UsedVolume, usedVolumes } from './used-volumes.ts';

export function preconditions(world: World, node: string, vmid: number, profile: Profile): Record<string, unknown> {
  const guest = requireQemu(world, node, vmid);
  checkNoLock(guest);
  const running = guest.run !== undefined;
  return {
    running: running ? 1 : 0,
    ...(running && !profile.has('preconditionsWhileRunning') ? {} : placement(world, guest)),
    local_disks: localDisks(world, guest, profile),
    local_resources: localResources(guest.config),
    ...(profile.has('mappings') ? { 'mapped-resources': [] } : {}),
    ...(profile.has('mappedResourceInfo') ? { 'mapped-resource-info': {} } : {}),
    ...(profile.has('dbusVmstate') ? { 'has-dbus-vmstate': 1 } : {}),
  };
}

/** Every other node is in `not_allowed_nodes`, with nothing against it where it is allowed. */
function placement(world: World, guest: Guest): Record<string, unknown> {
  const others = Object.keys(world.nodes).filter((name) => name !== guest.node);
  const storages = [...new Set(usedVolumes(world, guest).flatMap(({ storage }) => storage ?? []))];
  const missing = Object.fromEntries(
    others.map((name) => [name, storages.filter((storage) => !isOnNode(storage, name)).map(({ id }) => id)]),
  );
  return {
    allowed_nodes: others.filter((name) => missing[name]?.length === 0),
    not_allowed_nodes: Object.fromEntries(
      Object.entries(missing).map(([name, ids]) => [name, ids.length === 0 ? {} : { unavailable_storages: ids }]),
    ),
  };
}

function localDisks(world: World, guest: Guest, profile: Profile): Record<string, unknown>[] {
  return usedVolumes(world, guest)
    .filter(({ storage }) => storage?.shared === false)
    .map((use) => ({
      volid: use.file,
      ...(use.key === undefined ? {} : { drivename: use.key }),
      size: findVolume(world, guest.node, use.file)?.sizeBytes ?? 0,
      cdrom: flag(use.cdrom),
      ...(profile.has('dbusVmstate') ? { is_cloudinit: flag(use.cloudInit) } : {}),
      ...attributes(use),
    }));
}

function attributes(use: UsedVolume): Record<string, number> {
  return {
    is_attached: flag(use.key !== undefined && !use.unused),
    is_tpmstate: flag(use.key?.startsWith('tpmstate') === true),
    is_unused: flag(use.unused),
    is_vmstate: flag(use.vmState),
    replicate: flag(use.replicate),
    shared: 0,
  };
}

function flag(is: boolean): 0 | 1 {
  return is ? 1 : 0;
}
