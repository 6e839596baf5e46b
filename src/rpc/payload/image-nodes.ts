// The nodes that are each to have a template of an image: a list, or, since the kinds of VirtRigaud have one text for it,
// several names in that text.
import { invalidSpec } from '#domain/fault';
import type { JsonObject, ReadValue } from './json-object.ts';
import { said } from './said.ts';
import { text, textList } from './values.ts';

/** Stands for every node that has the storage of the disk. */
export const EVERY_NODE = '*';

export interface NodeWords {
  /** The one node; undefined where several are named. */
  readonly node?: string;
  /** In order, each once; `*` alone for all. */
  readonly nodes?: readonly string[];
  readonly nodesField?: string;
}

const namesOf = (value: string): string[] => value.split(',').map((name) => name.trim());
const isSeveral = (value: string): boolean => value === EVERY_NODE || value.includes(',');

/** Throws `invalid-spec` where both spellings say something. */
export function readNodes(object: JsonObject): NodeWords {
  const node = object.get('Node', text);
  const list = object.get('Nodes', textList);
  const isList = list !== undefined && list.length > 0;
  if (node === undefined) return isList ? several(list, object.at('Nodes')) : {};
  if (isList) throw invalidSpec(object.at('Nodes'), `node "${node}" is named too`, 'Name all nodes in one place');
  return isSeveral(node) ? several(textList(namesOf(node), object.at('Node')) ?? [], object.at('Node')) : { node };
}

function several(names: readonly string[], field: string): NodeWords {
  const nodes = [...new Set(names)].sort();
  if (nodes.length > 1 && nodes.includes(EVERY_NODE)) {
    throw invalidSpec(field, `"${EVERY_NODE}" means every node, and others are named beside it`, 'Keep one of the two');
  }
  return said({ nodes, nodesField: field });
}

/** The node of a template that is there already: where its image has several, none of them is meant. */
export const oneNode: ReadValue<string | undefined> = (value, path) => {
  const name = text(value, path);
  return isSeveral(name) ? undefined : name;
};
