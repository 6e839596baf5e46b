import { hasPrivilege } from '#pve/access/permissions';
import { OtherCluster, PveError, PveNoAnswer, pveWords, WayBarred } from '#pve/errors';
import { readVersion } from '#pve/version';
import { reachedWords, refusedWords } from '#rpc/pve-health';
import { cached } from '#runtime/cached';
import type { Deadline } from '#runtime/deadline';
import type { Context } from '../context.ts';

export interface Validation {
  readonly ok: boolean;
  readonly message: string;
}

/** The manager asks before everything else, so PVE is asked at most this often. */
const MAX_AGE_MS = 5_000;
/** What we may do changes seldom. */
const PERMISSIONS_MAX_AGE_MS = 60_000;
/** Real ms that a silent PVE gets; it takes 3 s to refuse a token (pve-behaviour 4.6). */
const PATIENCE_MS = 5_000;

/**
 * `ok` stays true once PVE has been reached: the manager takes a false as leave to drop the finalizers of VMs that are
 * being deleted, and an error for leave to end every other call it has under way. What is wrong with PVE right now stands
 * in the message, and in the codes of the operations.
 */
export function createValidate(ctx: Context): (call: Deadline) => Promise<Validation> {
  const health = cached(ctx.clock, PATIENCE_MS, async (call) => await askVersion(ctx, call));
  const late = (): string => `PVE at ${ctx.pve.endpoint.address} has not answered yet`;
  return async (call) => ({ ok: true, message: await health.read(call, MAX_AGE_MS).catch(late) });
}

/** Never throws: the answer is a text. */
async function askVersion(ctx: Context, call: Deadline): Promise<string> {
  try {
    const { text } = await readVersion(ctx.pve, call);
    const lacking = await whatIsLacking(ctx, call);
    return reachedWords(text, ctx.pve.endpoint.address, lacking);
  } catch (error) {
    const { address } = ctx.pve.endpoint;
    ctx.log.warn('PVE does not answer as it should', { endpoint: address, error });
    if (error instanceof OtherCluster) return error.message;
    if (error instanceof PveError && error.status === 401) return refusedWords(address, pveWords(error));
    if (error instanceof PveError) return `PVE at ${address} answers "${pveWords(error)}"`;
    if (error instanceof PveNoAnswer && error.cause instanceof WayBarred) return error.cause.message;
    return `no answer from PVE at ${address}${error instanceof PveNoAnswer ? ` (${error.code})` : ''}`;
  }
}

/** Rights without which hardly anything works: PVE lets a token in that may do nothing. */
async function whatIsLacking(ctx: Context, call: Deadline): Promise<string[]> {
  const permissions = await ctx.permissions.read(call, PERMISSIONS_MAX_AGE_MS);
  if ([...permissions.values()].every((privileges) => privileges.size === 0)) {
    return ['we have no privileges there: grant the roles to the user and to the API token'];
  }
  if (hasPrivilege(permissions, '/', 'Sys.Audit')) return [];
  return ['without Sys.Audit on / no VM is created or deleted: grant it to the user and to the API token'];
}
