import { isSeveralNodes, readTemplateNodes } from '#domain/template-nodes';
import type { JsonObject, ReadValue } from './json-object.ts';
import { said } from './said.ts';
import { text, textList } from './values.ts';

export interface NodeWords {
  /** The one node; undefined where several are named. */
  readonly node?: string;
  /** In order, each once; `*` alone for all. */
  readonly nodes?: readonly string[];
  readonly nodesField?: string;
}

/** Throws `invalid-spec` where both spellings say something. */
export function readNodes(object: JsonObject): NodeWords {
  const words = { node: object.get('Node', text), nodes: object.get('Nodes', textList) };
  const { node, nodes, field } = readTemplateNodes(words, { node: object.at('Node'), nodes: object.at('Nodes') });
  return said({ node, nodes, nodesField: nodes === undefined ? undefined : field });
}

/** The node of a template that is there already: where its image has several, none of them is meant. */
export const oneNode: ReadValue<string | undefined> = (value, path) => {
  const name = text(value, path);
  return isSeveralNodes(name) ? undefined : name;
};
