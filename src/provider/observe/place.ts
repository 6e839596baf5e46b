// What the node of a new VM gives: bridges, storages, and the settings that matter there.
import { mayNeedIso } from '#cloudinit/decide';
import type { VmSpec } from '#domain/vm-spec';
import { hasPrivilege } from '#pve/access/permissions';
import type { NodeName } from '#pve/ids';
import type { StorageEntry } from '#pve/nodes/storage';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import type { IsoStorage, Site } from '../plan/wish.ts';
import { isUsable, requireStorage } from './disk-storage.ts';
import { defaultStorage, observeHost } from './host.ts';

const OPTIONS_MAX_AGE_MS = 5 * 60_000;
const PERMISSIONS_MAX_AGE_MS = 60_000;
/** PVE's own default since 8.1; ours on every version, so that MACs do not change with an upgrade. */
const DEFAULT_MAC_PREFIX = 'BC:24:11';

/** Asks only for what the request needs: storages are read where an ISO has to go somewhere. */
export async function observePlace(ctx: Context, spec: VmSpec, node: NodeName, call: Deadline): Promise<Site> {
  const needsBridges = (spec.networks ?? []).length > 0;
  const needsIso = mayNeedIso(ctx.settings.cloudInit, spec);
  const [options, bridges, isoStorage, host] = await Promise.all([
    ctx.options.read(call, OPTIONS_MAX_AGE_MS),
    needsBridges ? ctx.nodes.bridges(node, call) : [],
    needsIso ? chooseIsoStorage(ctx, node, call) : undefined,
    observeHost(ctx, spec, node, call),
  ]);
  return {
    macPrefix: options.macPrefix ?? DEFAULT_MAC_PREFIX,
    networkMap: ctx.settings.networkMap,
    bridges: bridges.map((bridge) => bridge.name).sort(),
    cloudInit: ctx.settings.cloudInit,
    version: ctx.version,
    defaultStorage: defaultStorage(ctx),
    cpuHotplug: ctx.settings.cpuHotplug,
    host,
    isoStorage,
  };
}

/** The one that is set, else one that takes ISOs: shared ones first, since an ISO on local storage stops migration. */
async function chooseIsoStorage(ctx: Context, node: NodeName, call: Deadline): Promise<IsoStorage | undefined> {
  const [storages, permissions] = await Promise.all([
    ctx.nodes.storages(node, call),
    ctx.permissions.read(call, PERMISSIONS_MAX_AGE_MS),
  ]);
  const mayUpload = ({ storage }: StorageEntry): boolean =>
    hasPrivilege(permissions, `/storage/${storage}`, 'Datastore.AllocateTemplate');
  const candidates = storages.filter(
    (storage) => isUsable(storage) && storage.content.includes('iso') && mayUpload(storage),
  );
  const set = ctx.settings.isoStorage;
  if (set !== '') requireStorage('PVE_ISO_STORAGE', set, candidates, node, 'ISO images');
  const order = (storage: StorageEntry): number => (storage.shared ? 0 : 1);
  return candidates
    .filter(({ storage }) => set === '' || storage === set)
    .toSorted((a, b) => order(a) - order(b) || a.storage.localeCompare(b.storage))[0];
}
