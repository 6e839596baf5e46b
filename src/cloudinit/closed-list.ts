// The few words of user data and meta data that PVE's own fields can carry so that each comes out the same in the guest. The
// list is closed: what is not on it travels in an ISO. What is here is held against cloud-init's own reader.
import { invalidSpec } from '#domain/fault';
import { isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from 'yaml';
import { type GivenKey, isBareKey, keyProblem } from './ssh-key.ts';

export interface SeedDocuments {
  readonly userData: Uint8Array | undefined;
  readonly metaData: Uint8Array | undefined;
}

/** What PVE's fields are to say in place of the documents. */
export interface NativeWords {
  readonly kind: 'native';
  readonly sshKeys: readonly GivenKey[];
}

/** The first word that is not on the list. */
export interface Beyond {
  readonly kind: 'beyond';
  readonly field: GivenKey['field'];
  /** `"packages" (line 3)`. */
  readonly what: string;
}

type Reading = NativeWords | Beyond;

interface Entry {
  readonly key: string;
  readonly value: Node | null;
  readonly line: number;
  readonly lineOf: (node: Node) => number;
}

/** @param vmName PVE tells the guest this name, so that a document may repeat it */
export function readForNative({ userData, metaData }: SeedDocuments, vmName: string): Reading {
  const user = isGiven(userData) ? readDocument(userData, 'user_data', vmName) : NOTHING;
  if (user.kind === 'beyond') return user;
  const meta = isGiven(metaData) ? readDocument(metaData, 'meta_data', vmName) : NOTHING;
  if (meta.kind === 'beyond') return meta;
  return { kind: 'native', sshKeys: [...user.sshKeys, ...meta.sshKeys] };
}

/** Throws `invalid-spec` naming the line of the first key that PVE would not take. */
export function checkSshKeys(keys: readonly GivenKey[]): void {
  for (const { text, field, line } of keys) {
    const problem = keyProblem(text);
    if (problem === undefined) continue;
    throw invalidSpec(field, `line ${line}: not an SSH public key: ${problem}`, 'Copy the key again, as one line');
  }
}

export function isGiven(document: Uint8Array | undefined): document is Uint8Array {
  return document !== undefined && document.length > 0;
}

const NOTHING: NativeWords = { kind: 'native', sshKeys: [] };

function readDocument(content: Uint8Array, field: GivenKey['field'], vmName: string): Reading {
  const text = new TextDecoder('utf-8').decode(content);
  const beyond = (what: string): Beyond => ({ kind: 'beyond', field, what });
  // A first line of its own: Jinja, MIME, scripts and archives are something else.
  if (field === 'user_data' && !/^#cloud-config[ \t]*\r?\n/.test(text)) return beyond('a document of its kind');
  const entries = entriesOf(text);
  // What says nothing PVE could be told instead travels as it is.
  if (entries === undefined || entries.length === 0) return beyond('it as it is written');
  const sshKeys: GivenKey[] = [];
  for (const entry of entries) {
    const keys = WORDS[field][entry.key]?.(entry, vmName);
    if (keys === undefined) return beyond(`"${entry.key}" (line ${entry.line})`);
    sshKeys.push(...keys.map((key) => ({ ...key, field })));
  }
  return { kind: 'native', sshKeys };
}

type KeyAt = Omit<GivenKey, 'field'>;

/** The keys an entry gives, if any; undefined where what it says is not on the list. */
type Word = (entry: Entry, vmName: string) => readonly KeyAt[] | undefined;

const isVmName: Word = ({ value }, vmName) => (textIn(value) === vmName && !vmName.includes('.') ? [] : undefined);

const WORDS: Readonly<Record<GivenKey['field'], Readonly<Record<string, Word>>>> = {
  user_data: {
    ssh_authorized_keys: (entry) => keysIn(entry),
    hostname: isVmName,
    manage_etc_hosts: ({ value }) => (isScalar(value) && isPlain(value) && value.value === true ? [] : undefined),
  },
  meta_data: {
    // A mapping of names to keys, as other clouds have it, is left to cloud-init.
    'public-keys': (entry) => (isScalar(entry.value) ? linesIn(entry) : keysIn(entry)),
    'local-hostname': isVmName,
  },
};

/** Undefined for what is no plain mapping. As YAML 1.1, which cloud-init reads: there `on` is true and `0123` a number. */
function entriesOf(text: string): Entry[] | undefined {
  const lines = new LineCounter();
  const document = parseDocument(text, { version: '1.1', prettyErrors: false, lineCounter: lines });
  const { contents } = document;
  if (document.errors.length > 0 || document.warnings.length > 0) return undefined;
  if (!isMap(contents) || !isPlain(contents)) return undefined;
  const lineOf = (node: Node): number => lines.linePos(node.range?.[0] ?? 0).line;
  const entries = contents.items.map(({ key, value }: Pair): Entry | undefined => {
    const name = textIn(key as Node | null);
    return name === undefined
      ? undefined
      : { key: name, value: value as Node | null, line: lineOf(key as Node), lineOf };
  });
  return entries.some((entry) => entry === undefined) ? undefined : entries.flatMap((entry) => entry ?? []);
}

function keysIn({ value, lineOf }: Entry): KeyAt[] | undefined {
  if (!isSeq(value) || !isPlain(value)) return undefined;
  const keys = value.items.map((item): KeyAt | undefined => {
    const text = textIn(item as Node);
    return text !== undefined && isBareKey(text) ? { text, line: lineOf(item as Node) } : undefined;
  });
  return keys.some((key) => key === undefined) ? undefined : keys.flatMap((key) => key ?? []);
}

/** Each line of a text is a key. Where they stand is told from the line its text begins on. */
function linesIn({ value, lineOf }: Entry): KeyAt[] | undefined {
  const text = textIn(value);
  if (text === undefined || value === null) return undefined;
  const isBlock = isScalar(value) && (value.type === 'BLOCK_LITERAL' || value.type === 'BLOCK_FOLDED');
  const first = lineOf(value) + (isBlock ? 1 : 0);
  const keys = text.split('\n').map((line, index) => ({ text: line, line: first + index }));
  const said = keys.filter((key) => key.text !== '');
  return said.every((key) => isBareKey(key.text)) ? said : undefined;
}

function textIn(node: Node | null): string | undefined {
  return isScalar(node) && isPlain(node) && typeof node.value === 'string' ? node.value : undefined;
}

/** Without tags, anchors and aliases. */
function isPlain(node: Node): boolean {
  return node.tag === undefined && !('anchor' in node && node.anchor !== undefined);
}
