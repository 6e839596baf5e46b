// The manager's adoption of VMs that it has no object for: one ListVMs, one object for each.
import type { VMInfo } from '#rpc/contract';
import { StatusError } from './client.ts';
import type { Resolver } from './resolver.ts';
import { adoptedVirtualMachine, type DesiredPower, type Objects, type VirtualMachine } from './virtual-machine.ts';

export interface Adoption {
  readonly adopted: readonly VirtualMachine[];
  /** Of the provider's status, where the list could not be had. */
  readonly message: string;
}

/** Without a filter: every VM of the list whose id no object has. */
export async function adoptVms(resolver: Resolver, objects: Objects): Promise<Adoption> {
  try {
    const connection = await resolver.resolve('adoption');
    const { vms } = await connection.call(
      'listVMs',
      'adoption',
      async (client, options) => await client.listVMs({}, options),
    );
    const known = new Set([...objects.values()].map(({ name, status }) => (status.id === '' ? name : status.id)));
    const adopted = vms.filter(({ id }) => !known.has(id)).map(adoptedFrom);
    for (const vm of adopted) objects.set(vm.name, vm);
    return { adopted, message: '' };
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return { adopted: [], message: error.message };
  }
}

function adoptedFrom(info: VMInfo): VirtualMachine {
  const [disk] = info.disks;
  return adoptedVirtualMachine(objectName(info), info.id, {
    powerState: info.powerState as DesiredPower,
    class: { CPU: info.cpu === 0 ? 2 : info.cpu, MemoryMiB: info.memoryMib === 0n ? 4096 : Number(info.memoryMib) },
    image: { TemplateName: '', Path: disk?.path ?? '', Format: disk?.format ?? 'qcow2' },
  });
}

function objectName({ name, id }: VMInfo): string {
  const clean = name
    .toLowerCase()
    .replace(/[_. ]/g, '-')
    .replace(/[^a-z0-9-]/g, '')
    .replace(/^-+|-+$/g, '')
    .slice(0, 63);
  return clean === '' ? `vm-${id}` : clean;
}
