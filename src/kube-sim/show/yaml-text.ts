// Answers in YAML, as Go's library for Kubernetes writes them: keys in order, lists not indented, texts quoted where YAML 1.1
// would take them for something else (recording 151).
import { stringify } from 'yaml';
import type { Json } from '../object.ts';

/** The dot in managed fields: a number to YAML 1.1's letter, but not to Go. Only below a field, which no text begins like. */
const DOT = /^( *(?:- )*["']?[fkv]:.*:\n +)"\.": \{\}$/gm;

export function yamlText(value: Json): string {
  const text = stringify(value, {
    version: '1.1',
    schema: 'yaml-1.1',
    sortMapEntries: true,
    lineWidth: 0,
    indentSeq: false,
    aliasDuplicateObjects: false,
  });
  return text.replaceAll(DOT, '$1.: {}');
}
