import { invalidSpec } from '#domain/fault';
import { type Document, isMap, isScalar, LineCounter, parseDocument, YAMLMap } from 'yaml';

export interface YamlMapping {
  readonly document: Document;
  /** The document's content; an empty mapping where it has none. */
  readonly mapping: YAMLMap;
}

/**
 * One YAML document that is a mapping, as its author wrote it: scalars stay text, so that words such as `on` or `0123`,
 * which YAML 1.1 (cloud-init) and 1.2 read differently, come out as they went in.
 * Throws `invalid-spec` naming `field` and the line.
 */
export function readYamlMapping(content: Uint8Array, field: string, options: { uniqueKeys: boolean }): YamlMapping {
  const document = parse(readText(content, field), field, options.uniqueKeys);
  const { contents } = document;
  if (isMap(contents)) return { document, mapping: contents };
  if (contents !== null && !(isScalar(contents) && contents.value === '')) {
    throw invalidSpec(field, 'it has to be a mapping', 'Write it as `key: value` lines');
  }
  const mapping = new YAMLMap(document.schema);
  document.contents = mapping;
  return { document, mapping };
}

function parse(text: string, field: string, uniqueKeys: boolean): Document {
  const lines = new LineCounter();
  const document: Document = parseDocument(text, {
    schema: 'failsafe',
    uniqueKeys,
    prettyErrors: false,
    lineCounter: lines,
  });
  const [error] = document.errors;
  if (error === undefined) return document;
  // What is missing at the end is reported behind the last line.
  const { line } = lines.linePos(Math.min(error.pos[0], text.trimEnd().length));
  throw invalidSpec(field, `line ${line}: not valid YAML: ${withoutContent(error.message)}`, 'Correct it there');
}

function readText(content: Uint8Array, field: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
  } catch (cause) {
    throw invalidSpec(field, `it is not UTF-8 text (${String(cause)})`, 'Save it as UTF-8');
  }
}

/** Behind a colon the parser quotes what it stumbled over, and that may be a password. */
function withoutContent(message: string): string {
  return message.split(/[:;] /, 1).join('');
}
