// Which objects of a resource a list, a watch or a deletecollection is about.
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
  const fields = fieldSelector === '' ? undefined : parseFieldSelector(fieldSelector, kind.resource.selectableFields);
  return {
    all: labels === undefined && fields === undefined,
    has: (object) => (labels?.(object.metadata.labels ?? {}) ?? true) && (fields?.(object) ?? true),
  };
}
