import { VM_SNAPSHOTS } from '#crd/resources';
import { Fault } from '#domain/fault';
import type { KubeObject } from '#kube/object';
import type { Connected } from './connection.ts';
import { readFields } from './fields.ts';
import { findVm } from './find-vm.ts';

const REVERT_REQUESTED = 'virtrigaud.io/revert-requested-at';

/** Asks for the VM to go back to a snapshot. Throws `not-found` or `invalid-spec` where it is none of its own. */
export async function revertVm(connected: Connected, name: string, snapshot: string, at: string): Promise<string> {
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
  return `virtualmachine/${name} goes back to vmsnapshot/${snapshot}\n`;
}

function vmOf(snapshot: KubeObject): string | undefined {
  return readFields(snapshot).text('spec', 'vmRef', 'name');
}
