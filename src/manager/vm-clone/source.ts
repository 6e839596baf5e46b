// What is copied: a VirtualMachine, or a VMSnapshot of one.
import { VIRTUAL_MACHINES, VM_SNAPSHOTS } from '#crd/resources';
import type { VirtualMachineStatus } from '#crd/virtual-machine/status';
import type { VmSnapshotStatus } from '#crd/vm-snapshot/status';
import { Fault } from '#domain/fault';
import type { ObjectRef } from '#domain/object-ref';
import type { KubeObject } from '#kube/object';
import type { Visit } from '../work/controller.ts';
import { oncePerVisit } from '../work/once-per-visit.ts';
import { DONE, type Outcome, stuck, wait } from '../work/outcome.ts';
import { isCopied } from './status.ts';
import { wishOf } from './wish.ts';

export interface Source {
  readonly object: KubeObject;
  /** VMID, in decimal. */
  readonly id: string;
  readonly provider: ObjectRef;
  /** Its id, where one is copied. */
  readonly snapshot: string | undefined;
}

type Found = Outcome & { readonly source?: Source };

export async function findSource(visit: Visit): Promise<Outcome> {
  if (isCopied(visit)) return await Promise.resolve(DONE);
  const { snapshot } = wishOf(visit);
  const found = look(visit);
  const isDone = found.kind === 'done';
  const [reason, message] = isDone ? ['Found', 'It is there.'] : [found.why.reason, found.why.message];
  const isSnapshot = !isDone && reason.startsWith('Snapshot');
  visit.status.setCondition(
    'SourceReady',
    isDone || isSnapshot ? 'True' : 'False',
    isSnapshot ? 'Found' : reason,
    message,
  );
  if (snapshot === undefined) visit.status.removeCondition('SnapshotReady');
  else if (isDone || isSnapshot) visit.status.setCondition('SnapshotReady', isDone ? 'True' : 'False', reason, message);
  return found;
}

/** After `findSource`. */
export function sourceOf(visit: Visit): Source {
  const { source } = look(visit);
  if (source !== undefined) return source;
  throw new Fault('busy', { subject: 'The source', why: 'it is not there any more' });
}

const look = oncePerVisit((visit): Found => {
  const { snapshot: ref, source } = wishOf(visit);
  if (ref === undefined) return vmAt(visit, source);
  const snapshot = visit.world.cache.get(VM_SNAPSHOTS, ref);
  if (snapshot === undefined) {
    return stuck('SnapshotNotFound', `VMSnapshot "${ref.name}" not found in namespace "${ref.namespace}".`);
  }
  const { vmRef } = snapshot['spec'] as { vmRef: { name: string } };
  if (source !== undefined && source.name !== vmRef.name) {
    return stuck(
      'SnapshotOfAnother',
      `VMSnapshot ${ref.name} is one of VirtualMachine ${vmRef.name}, not of ${source.name}.`,
    );
  }
  const found = vmAt(visit, { name: vmRef.name, namespace: ref.namespace });
  return found.source === undefined ? found : ofSnapshot(found.source, snapshot);
});

function vmAt({ world }: Visit, ref: ObjectRef | undefined): Found {
  const { name = '', namespace = '' } = ref ?? {};
  const object = world.cache.get(VIRTUAL_MACHINES, { name, namespace });
  if (object === undefined)
    return stuck('SourceNotFound', `VirtualMachine "${name}" not found in namespace "${namespace}".`);
  const { id = '', bound } = (object['status'] ?? {}) as VirtualMachineStatus;
  if (id === '' || bound?.providerRef === undefined)
    return wait(30, 'SourceNotReady', `VirtualMachine ${name} is not made yet.`);
  const { providerRef } = bound;
  const provider = { name: providerRef.name, namespace: providerRef.namespace ?? namespace };
  return { ...DONE, source: { object, id, provider, snapshot: undefined } };
}

function ofSnapshot(source: Source, snapshot: KubeObject): Found {
  const { snapshotID = '', vmID, phase } = (snapshot['status'] ?? {}) as VmSnapshotStatus;
  const { name } = snapshot.metadata;
  if (snapshotID === '' || phase !== 'Ready')
    return wait(30, 'SnapshotNotReady', `VMSnapshot ${name} is not taken yet.`);
  if (vmID === source.id) return { ...DONE, source: { ...source, snapshot: snapshotID } };
  return stuck(
    'SnapshotOfAnother',
    `VMSnapshot ${name} was taken of VM ${vmID}, and its VirtualMachine is VM ${source.id} now.`,
  );
}
