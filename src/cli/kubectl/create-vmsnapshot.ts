// `kubectl create vmsnapshot`: as kubectl makes the kinds it knows.
import { VM_SNAPSHOTS } from '#crd/resources';
import { API_VERSION } from '#crd/manifests';
import type { NewObject } from '#kube/api';
import { stringify } from 'yaml';
import type { Connected } from './connection.ts';
import { findVm } from './find-vm.ts';

export interface SnapshotOptions {
  readonly vm: string;
  readonly description?: string | undefined;
  readonly includeMemory: boolean;
  readonly dryRun: 'none' | 'client';
  readonly output?: 'name' | 'yaml' | 'json' | undefined;
}

/** What kubectl would print. Throws `not-found` where there is no such VM. */
export async function createSnapshot(connected: Connected, name: string, options: SnapshotOptions): Promise<string> {
  const { api, namespace } = connected;
  const wanted = snapshotObject(name, namespace, options);
  if (options.dryRun === 'client') return printed(wanted, name, options.output, ' (dry run)');
  await findVm(connected, options.vm);
  return printed(await api.create(VM_SNAPSHOTS, wanted), name, options.output, '');
}

function snapshotObject(name: string, namespace: string, options: SnapshotOptions): NewObject {
  const { vm, description, includeMemory } = options;
  return {
    apiVersion: API_VERSION,
    kind: VM_SNAPSHOTS.kind,
    metadata: { name, namespace },
    spec: { vmRef: { name: vm }, ...(description === undefined ? {} : { description }), includeMemory },
  };
}

function printed(object: unknown, name: string, output: SnapshotOptions['output'], note: string): string {
  if (output === 'yaml') return stringify(object);
  if (output === 'json') return `${JSON.stringify(object, null, 4)}\n`;
  const full = `vmsnapshot.${VM_SNAPSHOTS.group}/${name}`;
  return output === 'name' ? `${full}\n` : `${full} created${note}\n`;
}
