import type { Deadline } from '#runtime/deadline';
import { asRow, requiredText, type Row, textOf } from '../answer.ts';
import type { Params } from '../connection/params.ts';
import type { Pve } from '../connection/pve.ts';
import { settle, type TaskResult } from '../tasks.ts';
import { type VmAt, vmPath } from './vm.ts';

export interface VmConfig {
  /** SHA-1 of the file: the same content, the same digest. */
  readonly digest: string;
  readonly lock: string | undefined;
  /** Every option as text, without `digest` and `lock`. */
  readonly values: Readonly<Record<string, string>>;
}

/** The configuration that is in force, without pending changes (pve-behaviour 10). */
export async function readConfig(pve: Pve, vm: VmAt, call: Deadline): Promise<VmConfig> {
  return parseConfig(asRow(await pve.get(`${vmPath(vm)}/config`, call, { current: true }), 'VM configuration'));
}

function parseConfig(row: Row): VmConfig {
  const values = Object.keys(row).flatMap((key) => {
    const text = textOf(row, key);
    return text === undefined || key === 'digest' || key === 'lock' ? [] : [[key, text] as const];
  });
  return {
    digest: requiredText(row, 'digest', 'VM configuration'),
    lock: textOf(row, 'lock'),
    values: Object.fromEntries(values),
  };
}

export interface ConfigChange {
  /** The digest the change is based on; PVE refuses it if the configuration has moved on. */
  readonly digest: string;
  readonly set?: Readonly<Record<string, string | number | boolean>>;
  /** Options to remove. A disk becomes `unusedN`. */
  readonly delete?: readonly string[];
  /** Drives to remove together with their volumes. */
  readonly destroy?: readonly string[];
  /** Pending options to take back. */
  readonly revert?: readonly string[];
}

/** Changes the configuration as a task, as everything that allocates or hotplugs wants it (pve-behaviour 11.1). */
export async function updateConfig(pve: Pve, vm: VmAt, change: ConfigChange, call: Deadline): Promise<TaskResult> {
  return await settle(pve, await pve.post(`${vmPath(vm)}/config`, call, changeParams(vm, change)), call);
}

/** Changes the configuration at once; for options that allocate nothing. */
export async function putConfig(pve: Pve, vm: VmAt, change: ConfigChange, call: Deadline): Promise<void> {
  await pve.put(`${vmPath(vm)}/config`, call, changeParams(vm, change));
}

/** An empty digest would check nothing (pve-behaviour 28.2). */
function changeParams(vm: VmAt, change: ConfigChange): Params {
  if (change.digest === '') throw new RangeError(`change of VM ${vm.vmid}: the digest is empty`);
  const list = (names: readonly string[] = []): string | undefined =>
    names.length === 0 ? undefined : names.join(',');
  const { destroy = [] } = change;
  if (destroy.length === 0) {
    return { ...change.set, delete: list(change.delete), revert: list(change.revert), digest: change.digest };
  }
  // `force` would destroy whatever else is removed in the same call.
  if (change.set !== undefined || change.delete !== undefined || change.revert !== undefined) {
    throw new RangeError(`change of VM ${vm.vmid}: drives are destroyed in a call of their own`);
  }
  return { delete: list(destroy), force: true, digest: change.digest };
}
