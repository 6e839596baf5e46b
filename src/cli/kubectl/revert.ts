import { VM_SNAPSHOTS } from '#crd/resources';
import { Fault } from '#domain/fault';
import type { KubeObject } from '#kube/object';
import type { Connected } from './connection.ts';
import { readFields } from './fields.ts';
import { findVm } from './find-vm.ts';
import { tooLong } from './power.ts';
import { waitFor, type Waiting } from './waiting.ts';

const REVERT_REQUESTED = 'virtrigaud.io/revert-requested-at';

export interface RevertWish {
  readonly vm: string;
  /** Name of a VMSnapshot. */
  readonly snapshot: string;
  /** Any text that was not used before. */
  readonly at: string;
}

/**
 * Asks for the VM to go back to a snapshot. Throws `not-found` where it is none of its own, `precondition` with what kept it
 * from it, `busy` where it takes longer than one wanted to wait.
 */
export async function revertVm(
  connected: Connected,
  { vm: name, snapshot, at }: RevertWish,
  waiting: Waiting,
): Promise<string> {
  await findVm(connected, name);
  const { api, namespace } = connected;
  const { items } = await api.list(VM_SNAPSHOTS, namespace);
  const own = items.filter((item) => vmOf(item) === name);
  if (!own.some(({ metadata }) => metadata.name === snapshot)) {
    const names = own.map(({ metadata }) => metadata.name);
    const remedy = names.length === 0 ? 'It has none' : `It has ${names.join(', ')}`;
    const why = `there is no VMSnapshot "${snapshot}" of it`;
    throw new Fault('not-found', { subject: `VirtualMachine ${name}`, wanted: 'revert', why, remedy });
  }
  const patch = { metadata: { annotations: { [REVERT_REQUESTED]: at } } };
  await api.patch(VM_SNAPSHOTS, { name: snapshot, namespace }, patch);
  const told = `virtualmachine/${name} goes back to vmsnapshot/${snapshot}`;
  if (waiting.waitMs === undefined) return `${told}\n`;
  await waitForRevert(connected, { vm: name, snapshot, at }, waiting);
  return `${told}: done\n`;
}

async function waitForRevert({ api, namespace }: Connected, wish: RevertWish, waiting: Waiting): Promise<void> {
  const { vm, snapshot, at } = wish;
  let message: string | undefined;
  const handled = await waitFor(waiting, async () => {
    const seen = readFields(await api.get(VM_SNAPSHOTS, { name: snapshot, namespace }));
    message = seen.text('status', 'message');
    return seen.text('status', 'revert', 'handled') === at ? seen : undefined;
  });
  if (handled === undefined) throw tooLong(vm, message);
  if (handled.text('status', 'revert', 'at') !== undefined) return;
  const why = handled.text('status', 'revert', 'message') ?? 'it is not known what came of it';
  throw new Fault('precondition', { subject: `VirtualMachine ${vm}`, wanted: 'revert', why });
}

function vmOf(snapshot: KubeObject): string | undefined {
  return readFields(snapshot).text('spec', 'vmRef', 'name');
}
