// Namespaces. One that is deleted is Terminating until its content is gone; `spec.finalizers` says who has to see to that.
import type { KubeObject } from '../object.ts';
import { dnsLabel } from '../objects/names.ts';
import { members, ownKind } from './own-kind.ts';

export const NAMESPACES = ownKind('namespaces', {
  nameRule: dnsLabel,
  beforeDelete: (namespace) => {
    // There is no grace in it.
    const { deletionGracePeriodSeconds: _, ...metadata } = namespace.metadata;
    return { ...namespace, metadata, status: { ...members(namespace['status']), phase: 'Terminating' } };
  },
  isHeld: (namespace) => {
    const { finalizers } = members(namespace['spec']);
    return Array.isArray(finalizers) && finalizers.length > 0;
  },
  prepare: (namespace, old) => {
    const { metadata } = namespace;
    const labels = { ...metadata.labels, [NAME_LABEL]: metadata.name };
    const labelled: KubeObject = { ...namespace, metadata: { ...metadata, labels } };
    // Only the subresource `finalize` changes who has to see to it.
    if (old !== undefined) return { ...labelled, spec: old['spec'] };
    return { ...labelled, spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } };
  },
});

const NAME_LABEL = 'kubernetes.io/metadata.name';
