// `kubectl vm start`, `stop` and `reboot`: what a person would otherwise write into the object.
import { VIRTUAL_MACHINES } from '#crd/resources';
import type { MergePatch } from '#kube/api';
import type { Clock } from '#runtime/clock';
import { Fault } from '#domain/fault';
import type { Connected } from './connection.ts';
import { type Fields, readFields } from './fields.ts';
import { findVm } from './find-vm.ts';

/** What is asked of a VM, and how one sees that it came about. */
export interface PowerWish {
  /** `starts`, as in `web-server starts`. */
  readonly verb: string;
  readonly patch: MergePatch;
  readonly isThere: (vm: Fields) => boolean;
}

export const START: PowerWish = {
  verb: 'starts',
  patch: { spec: { powerState: 'On' } },
  isThere: (vm) => vm.text('status', 'powerState') === 'On',
};

export function stopWish(force: boolean): PowerWish {
  return {
    verb: force ? 'is cut off' : 'shuts down',
    patch: { spec: { powerState: force ? 'Off' : 'OffGraceful' } },
    isThere: (vm) => (vm.text('status', 'powerState') ?? 'On') !== 'On',
  };
}

const RESTART_REQUESTED = 'virtrigaud.io/restart-requested-at';

/** @param at any text that was not used before */
export function restartWish(at: string): PowerWish {
  return {
    verb: 'restarts',
    patch: { metadata: { annotations: { [RESTART_REQUESTED]: at } } },
    isThere: (vm) => vm.text('status', 'restart', 'handled') === at,
  };
}

export interface Waiting {
  /** Undefined: the wish is written, and that is all. */
  readonly waitMs: number | undefined;
  readonly clock: Clock;
}

/** Throws `busy` where it takes longer than one wanted to wait. */
export async function askVm(connected: Connected, name: string, wish: PowerWish, waiting: Waiting): Promise<string> {
  await findVm(connected, name);
  const { api, namespace } = connected;
  await api.patch(VIRTUAL_MACHINES, { name, namespace }, wish.patch);
  if (waiting.waitMs === undefined) return `virtualmachine/${name} ${wish.verb}\n`;
  const until = waiting.clock.now() + waiting.waitMs;
  for (;;) {
    const vm = readFields(await findVm(connected, name));
    if (wish.isThere(vm)) return `virtualmachine/${name} ${wish.verb}: done\n`;
    if (waiting.clock.now() >= until) throw tooLong(name, vm);
    await waiting.clock.sleep(PAUSE_MS);
  }
}

const PAUSE_MS = 1000;

function tooLong(name: string, vm: Fields): Fault {
  const why = vm.text('status', 'message') ?? 'it has not come about yet';
  return new Fault('busy', { subject: `VirtualMachine ${name}`, why, remedy: `Look with: kubectl vm why ${name}` });
}
