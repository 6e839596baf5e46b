import type { Deadline } from '#runtime/deadline';
import { asRow, flagOf, numberOf, requiredText, requiredUpid, textOf } from '../answer.ts';
import type { Params } from '../connection/params.ts';
import type { Pve } from '../connection/pve.ts';
import type { Upid } from '../ids.ts';
import { type VmAt, vmPath } from './vm.ts';

/** The state of a VM now, asked of its node (pve-behaviour 10). rules/power.ts reads the words. */
export interface VmStatus {
  /** `running` or `stopped`. */
  readonly status: string;
  /** QMP's word: `running`, `paused`, `io-error`, ... */
  readonly qmpStatus: string | undefined;
  readonly lock: string | undefined;
  readonly name: string | undefined;
  readonly template: boolean;
  /** Whether the agent is configured, not whether it answers. */
  readonly agent: boolean;
  readonly haManaged: boolean;
  readonly uptimeSeconds: number;
  readonly cpus: number | undefined;
  readonly maxMemoryBytes: number | undefined;
}

export async function readStatus(pve: Pve, vm: VmAt, call: Deadline): Promise<VmStatus> {
  const row = asRow(await pve.get(`${vmPath(vm)}/status/current`, call), 'VM status');
  return {
    status: requiredText(row, 'status', 'VM status'),
    qmpStatus: textOf(row, 'qmpstatus'),
    lock: textOf(row, 'lock'),
    name: textOf(row, 'name'),
    template: flagOf(row, 'template'),
    agent: flagOf(row, 'agent'),
    haManaged: row['ha'] !== undefined && flagOf(asRow(row['ha'], 'HA part of a VM status'), 'managed'),
    uptimeSeconds: numberOf(row, 'uptime') ?? 0,
    cpus: numberOf(row, 'cpus'),
    maxMemoryBytes: numberOf(row, 'maxmem'),
  };
}

export type PowerCall = 'start' | 'stop' | 'shutdown' | 'reboot' | 'reset' | 'suspend' | 'resume';

/** Seconds, and flags of `shutdown` and `stop` (pve-behaviour 12). */
export interface PowerParams {
  readonly timeout?: number;
  readonly forceStop?: boolean;
  /** Ends a running shutdown of the same VM first, from 8.2 on; not for HA guests. */
  readonly 'overrule-shutdown'?: boolean;
}

/**
 * Starts a change of power and gives its task. The task of an HA guest only hands the wish on, and that of a reboot
 * ends while the guest is down: read the state, not just the task (pve-behaviour 12, 26).
 */
export async function changePower(
  pve: Pve,
  vm: VmAt,
  change: PowerCall,
  call: Deadline,
  params: PowerParams = {},
): Promise<Upid> {
  const form: Params = { ...params };
  return requiredUpid(await pve.post(`${vmPath(vm)}/status/${change}`, call, form), `the answer to ${change}`);
}
