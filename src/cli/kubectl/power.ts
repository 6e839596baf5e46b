// `kubectl vm start`, `stop` and `reboot`: what a person would otherwise write into the object.
import { VIRTUAL_MACHINES } from '#crd/resources';
import type { MergePatch } from '#kube/api';
import { Fault } from '#domain/fault';
import type { Connected } from './connection.ts';
import { type Fields, readFields } from './fields.ts';
import { findVm } from './find-vm.ts';
import { waitFor, type Waiting } from './waiting.ts';

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

/** Throws `busy` where it takes longer than one wanted to wait. */
export async function askVm(connected: Connected, name: string, wish: PowerWish, waiting: Waiting): Promise<string> {
  await findVm(connected, name);
  const { api, namespace } = connected;
  const { metadata } = await api.patch(VIRTUAL_MACHINES, { name, namespace }, wish.patch);
  if (waiting.waitMs === undefined) return `virtualmachine/${name} ${wish.verb}\n`;
  let last: Fields | undefined;
  const done = await waitFor(waiting, async () => {
    last = readFields(await findVm(connected, name));
    return hasSeen(last, metadata.generation) && wish.isThere(last) ? last : undefined;
  });
  if (done === undefined) throw tooLong(name, last?.text('status', 'message'));
  return `virtualmachine/${name} ${wish.verb}: done\n`;
}

/** What it tells of a time before says nothing of this wish. */
function hasSeen(vm: Fields, generation: number | undefined): boolean {
  return generation === undefined || (vm.number('status', 'observedGeneration') ?? 0) >= generation;
}

export function tooLong(name: string, message: string | undefined): Fault {
  const why = message ?? 'it has not come about yet';
  return new Fault('busy', { subject: `VirtualMachine ${name}`, why, remedy: `Look with: kubectl vm why ${name}` });
}
