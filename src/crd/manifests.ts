import { type Fault, invalidSpec } from '#domain/fault';
import { parseAllDocuments, type ScalarTag, type SchemaOptions, type YAMLParseError } from 'yaml';
import { z } from 'zod';
import { secretEntries } from './secret-entries.ts';
import { unknownKey } from './strict-object.ts';

/** One object as its author wrote it, its spec not looked at yet. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Metadata;
  readonly spec: unknown;
  /** Of a Secret: its entries. */
  readonly entries?: Readonly<Record<string, Uint8Array>> | undefined;
  /** Which document of a file it was, from 1; absent for what comes from an API server. */
  readonly document?: number;
}

/** Namespace of objects and references that name none, as kubectl has it. */
export const DEFAULT_NAMESPACE = 'default';

export interface Metadata {
  readonly name: string;
  readonly namespace?: string | undefined;
  readonly uid?: string | undefined;
}

/** The group whose kinds are ours to read, and the only version there is. */
export const GROUP = 'infra.virtrigaud.io';
export const VERSION = 'v1beta1';
export const API_VERSION = `${GROUP}/${VERSION}`;

const TOP_LEVEL_KEYS = ['apiVersion', 'kind', 'metadata', 'spec', 'status'];

const envelope = z.looseObject({
  apiVersion: z.string().min(1),
  kind: z.string().min(1),
  metadata: z.looseObject({
    name: z.string().min(1),
    namespace: z.string().min(1).optional(),
    uid: z.string().min(1).optional(),
  }),
});

/** Of YAML 1.1 kubectl keeps these words for true and false, so that `powerState: off` is one file with one meaning. */
const truth = (test: RegExp, value: boolean): ScalarTag => ({
  tag: 'tag:yaml.org,2002:bool',
  default: true,
  test,
  resolve: () => value,
});

const AS_KUBECTL_READS: SchemaOptions = {
  customTags: (tags) => [
    truth(/^(?:y|Y|yes|Yes|YES|on|On|ON)$/, true),
    truth(/^(?:n|N|no|No|NO|off|Off|OFF)$/, false),
    ...tags,
  ],
};

/**
 * The objects of a YAML (or JSON) text in their order, of any kind; its documents are parted by `---`, empty ones are
 * left out. Throws `invalid-spec` naming the document and the line or field.
 */
export function parseManifests(text: string): Manifest[] {
  return parseObjects(text).map(({ manifest }) => manifest);
}

/** The same, each with the JSON that an API server gets. */
export function parseObjects(text: string): { readonly manifest: Manifest; readonly json: object }[] {
  return [...parseAllDocuments(text, AS_KUBECTL_READS)].flatMap((document, index) => {
    const [error] = document.errors;
    if (error !== undefined) throw badYaml(index + 1, error);
    const value: unknown = document.toJS();
    if (value === null || value === undefined) return [];
    const manifest = asManifest(value, index + 1);
    return [{ manifest, json: value }];
  });
}

/** `VirtualMachine web-server (document 3)`. */
export function manifestTitle(manifest: Manifest): string {
  const place = manifest.document === undefined ? '' : ` (document ${manifest.document})`;
  return `${manifest.kind} ${manifest.metadata.name}${place}`;
}

function asManifest(value: unknown, document: number): Manifest {
  const parsed = envelope.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const field = [`document ${document}`, issue?.path.join('.')].filter(Boolean).join(': ');
    throw invalidSpec(field, issue?.message ?? 'it is no object', 'An object has apiVersion, kind and metadata.name');
  }
  const { apiVersion, kind, metadata, spec } = { spec: undefined, ...parsed.data };
  const entries = apiVersion === 'v1' && kind === 'Secret' ? secretEntries(parsed.data, document) : undefined;
  const manifest = { apiVersion, kind, metadata, spec, document, ...(entries === undefined ? {} : { entries }) };
  const stray = Object.keys(parsed.data).find((key) => !TOP_LEVEL_KEYS.includes(key));
  if (stray !== undefined && apiVersion.startsWith(`${GROUP}/`)) {
    throw invalidSpec(`${manifestTitle(manifest)}: ${stray}`, unknownKey(stray, TOP_LEVEL_KEYS));
  }
  return manifest;
}

function badYaml(document: number, error: YAMLParseError): Fault {
  const [what = ''] = error.message.split('\n');
  const remedy =
    error.code === 'DUPLICATE_KEY' ? 'If a second object begins there, put a line "---" before it' : 'Correct it there';
  return invalidSpec(`document ${document}`, `not valid YAML: ${what.replace(/:$/, '')}`, remedy);
}
