import { VIRTUAL_MACHINES } from '#crd/resources';
import { Fault } from '#domain/fault';
import type { KubeObject } from '#kube/object';
import type { Connected } from './connection.ts';

/** Throws `not-found` naming those there are. */
export async function findVm({ api, namespace }: Connected, name: string): Promise<KubeObject> {
  const vm = await api.get(VIRTUAL_MACHINES, { name, namespace });
  if (vm !== undefined) return vm;
  const { items } = await api.list(VIRTUAL_MACHINES, namespace);
  const names = items.map(({ metadata }) => metadata.name);
  const remedy = names.length === 0 ? 'The namespace has none' : `It has ${names.slice(0, MOST_NAMES).join(', ')}`;
  throw new Fault('not-found', {
    subject: `VirtualMachine ${name}`,
    why: `there is none in namespace "${namespace}"`,
    remedy,
  });
}

const MOST_NAMES = 10;
