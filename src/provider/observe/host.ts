// What is known of the machines and storages a new VM may be on.
import type { VmSpec } from '#domain/vm-spec';
import { isRootDisk } from '#domain/vm-spec';
import { MIB } from '#domain/quantity';
import { hasPrivilege } from '#pve/access/permissions';
import { PveError } from '#pve/errors';
import type { NodeName } from '#pve/ids';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';
import { dataStorageWish } from '../plan/storages.ts';
import type { HostFacts } from '../plan/wish.ts';
import type { Snapshot } from '../view/cluster-view.ts';

/** The look at the window of slots has just read it. */
const VIEW_MAX_AGE_MS = 60_000;
const PERMISSIONS_MAX_AGE_MS = 60_000;

/** What the view has costs nothing; the rest is asked for only where the wish needs it. */
export async function observeHost(ctx: Context, spec: VmSpec, node: NodeName, call: Deadline): Promise<HostFacts> {
  const { extra, limits } = spec.size;
  const [view, diskStorages, cpuMhz, cpuModels, mayModify] = await Promise.all([
    ctx.view.read(call, VIEW_MAX_AGE_MS),
    namesStorage(ctx, spec) ? diskStoragesOf(ctx, node, call) : undefined,
    limits.cpuLimitMhz === undefined ? undefined : cpuMhzOf(ctx, node, call),
    extra['cpu'] === undefined ? undefined : ctx.nodes.cpuModels(node, call),
    extra['startup'] === undefined ? false : mayModifyCluster(ctx, call),
  ]);
  const storageTypes = Object.fromEntries(view.storages.map(({ storage, type }) => [storage, type]));
  return {
    leastCpus: leastCpus(view),
    nodeCpus: view.nodes.get(node)?.maxCpus,
    nodeMemoryMib: wholeMib(view.nodes.get(node)?.maxMemoryBytes),
    storageTypes,
    diskStorages,
    cpuMhz,
    cpuModels,
    mayModify,
  };
}

function wholeMib(bytes: number | undefined): number | undefined {
  return bytes === undefined || bytes === 0 ? undefined : Math.floor(bytes / MIB);
}

/** A node that is off counts as well: the VM may have to run on it when another one fails. */
function leastCpus({ nodes }: Snapshot): number | undefined {
  const counts = [...nodes.values()].map(({ maxCpus }) => maxCpus ?? 0);
  const least = counts.length === 0 ? 0 : Math.min(...counts);
  return least === 0 ? undefined : least;
}

function namesStorage(ctx: Context, spec: VmSpec): boolean {
  return (spec.disks ?? []).some(
    (disk, index) => !isRootDisk(disk) && dataStorageWish(spec, disk, index, defaultStorage(ctx)) !== undefined,
  );
}

/** What PVE_DEFAULT_STORAGE says. */
export function defaultStorage({ settings }: Context): string | undefined {
  return settings.defaultStorage === '' ? undefined : settings.defaultStorage;
}

async function diskStoragesOf(ctx: Context, node: NodeName, call: Deadline): Promise<readonly string[]> {
  const storages = await ctx.nodes.storages(node, call);
  return storages
    .filter(({ enabled, active, content }) => enabled && active && content.includes('images'))
    .map(({ storage }) => storage);
}

/** Undefined where we may not ask: the plan says what is missing. */
async function cpuMhzOf(ctx: Context, node: NodeName, call: Deadline): Promise<number | undefined> {
  try {
    return await ctx.nodes.cpuMhz(node, call);
  } catch (error) {
    if (error instanceof PveError && error.status === 403) return undefined;
    throw error;
  }
}

async function mayModifyCluster(ctx: Context, call: Deadline): Promise<boolean> {
  return hasPrivilege(await ctx.permissions.read(call, PERMISSIONS_MAX_AGE_MS), '/', 'Sys.Modify');
}
