// Names of finalizers that others may come upon as well: a custom object may have them, with a warning.
import type { KubeObject } from '../object.ts';
import { qualifiedName } from '../objects/names.ts';

const STANDARD = ['orphan', 'foregroundDeletion', 'kubernetes'];

/** About those that are new in it. */
export function finalizerWarnings({ metadata }: KubeObject, old: KubeObject | undefined): string[] {
  const known = [...STANDARD, ...(old?.metadata.finalizers ?? [])];
  const added = [...new Set(metadata.finalizers)].filter((name) => !known.includes(name));
  return added.toSorted().flatMap((name) => {
    const faults = qualifiedName(name);
    return [...faults, ...adviceOn(name)].map((text) => `metadata.finalizers: ${JSON.stringify(name)}: ${text}`);
  });
}

function adviceOn(name: string): string[] {
  if (name.includes('/')) return [];
  const path = name.includes('.') ? ' including a path (/)' : '';
  return [`prefer a domain-qualified finalizer name${path} to avoid accidental conflicts with other finalizer writers`];
}
