// Which objects of a resource a list, a watch or a deletecollection is about.
import { quoted } from '../go-text.ts';
import type { Kind } from '../kinds/kind.ts';
import type { KubeObject } from '../object.ts';
import { parseFieldSelector } from '../select/fields.ts';
import { parseLabelSelector } from '../select/labels.ts';
import type { ListOptions } from './list-options.ts';

export interface Selection {
  /** Everything is in it: nobody has to look. */
  readonly all: boolean;
  readonly has: (object: KubeObject) => boolean;
}

export function selectionOf(kind: Kind, { labelSelector, fieldSelector }: ListOptions): Selection {
  const labels = labelSelector === '' ? undefined : parseLabelSelector(labelSelector);
  const { selectableFields, custom } = kind.resource;
  const unsupported = custom || selectableFields.length > 0 ? undefined : onlyMetadata;
  const fields = fieldSelector === '' ? undefined : parseFieldSelector(fieldSelector, selectableFields, unsupported);
  return {
    all: labels === undefined && fields === undefined,
    has: (object) => (labels?.(object.metadata.labels ?? {}) ?? true) && (fields?.(object) ?? true),
  };
}

/** Kinds of Kubernetes itself that have no selectable fields of their own say which ones there are. */
function onlyMetadata(field: string): string {
  return `${quoted(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`;
}
