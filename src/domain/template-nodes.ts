// The nodes that are each to have a template of an image: a list, or, since the kinds of VirtRigaud have one text for it,
// several names in that text.
import { invalidSpec } from './fault.ts';

/** Stands for every node that has the storage of the disk. */
export const EVERY_NODE = '*';

export interface TemplateNodes {
  /** The one node; undefined where several are named, or none. */
  readonly node: string | undefined;
  /** In order, each once; `*` alone for all. */
  readonly nodes: readonly string[] | undefined;
  /** Where they are named. */
  readonly field: string;
}

/** Whether the text names several. */
export function isSeveralNodes(node: string): boolean {
  return node === EVERY_NODE || node.includes(',');
}

/**
 * Throws `invalid-spec` where both spellings say something, or a node has no name.
 * @param fields where the two are said
 */
export function readTemplateNodes(
  { node = '', nodes = [] }: { readonly node?: string | undefined; readonly nodes?: readonly string[] | undefined },
  fields: { readonly node: string; readonly nodes: string },
): TemplateNodes {
  if (node !== '' && nodes.length > 0) {
    throw invalidSpec(fields.nodes, `node "${node}" is named too`, 'Name all nodes in one place');
  }
  const field = nodes.length > 0 ? fields.nodes : fields.node;
  const names = isSeveralNodes(node) ? node.split(',').map((name) => name.trim()) : nodes;
  const unnamed = names.indexOf('');
  if (unnamed >= 0) throw invalidSpec(`${field}[${unnamed}]`, 'is empty', 'Name the node, or remove the comma');
  if (names.length === 0) return { node: node === '' ? undefined : node, nodes: undefined, field };
  const all = [...new Set(names)].sort();
  if (all.length > 1 && all.includes(EVERY_NODE)) {
    throw invalidSpec(field, `"${EVERY_NODE}" means every node, and others are named beside it`, 'Keep one of the two');
  }
  return { node: undefined, nodes: all, field };
}
