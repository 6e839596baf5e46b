// For tests: recordings of kubectl against the real CRD server (`data/kube-traces` of the collected facts).
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Json, JsonObject } from './object.ts';
import type { PrinterColumn, Resource } from './resource.ts';
import type { Schema } from './schema/schema.ts';

const folder = join(process.env['FACTS_DIR'] ?? '../shared', 'data/kube-traces');

/** Tests that need them skip; where FACTS_DIR is set they fail. */
export const isMissing = !existsSync(folder) && process.env['FACTS_DIR'] === undefined;
export const WHY_SKIPPED = `no recordings in ${folder}`;

export interface Exchange {
  readonly request: { readonly method: string; readonly path: string; readonly accept?: string; readonly body?: Json };
  readonly response: { readonly status: number; readonly body?: Json; readonly [header: string]: Json | undefined };
}

export interface Recording {
  readonly name: string;
  readonly command: string;
  readonly stdout: string;
  readonly exchanges: readonly Exchange[];
}

const read = new Map<string, Recording>();

/** `'102'` is `102-get-table.json`. */
export function recording(number: string): Recording {
  const found = read.get(number) ?? readRecording(number);
  read.set(number, found);
  return found;
}

function readRecording(number: string): Recording {
  const name = readdirSync(folder).find((file) => file.startsWith(`${number}-`));
  if (name === undefined) throw new Error(`no recording ${number} in ${folder}`);
  return { name, ...(JSON.parse(readFileSync(join(folder, name), 'utf8')) as Omit<Recording, 'name'>) };
}

/** The numbers from one to another of those that are there. */
export function numbers(from: string, to: string): readonly string[] {
  const all = readdirSync(folder).map((file) => file.slice(0, 3));
  return all.filter((number) => /^\d+$/.test(number) && number >= from && number <= to);
}

interface Crd {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly plural: string; readonly singular: string; readonly kind: string };
    readonly versions: readonly [CrdVersion];
  } & JsonObject;
}

interface CrdVersion {
  readonly name: string;
  readonly schema: { readonly openAPIV3Schema: Schema };
  readonly additionalPrinterColumns?: readonly PrinterColumn[];
  readonly selectableFields?: readonly { readonly jsonPath: string }[];
  readonly subresources?: { readonly scale?: JsonObject };
}

/** Machine and MachineSet, as the recordings' CRDs make them. */
export function machineResources(): readonly Resource[] {
  return ['machines', 'machinesets'].map((file) =>
    resourceOf(parse(readFileSync(join(folder, `crds/${file}.yaml`), 'utf8')) as Crd),
  );
}

function resourceOf({ spec }: Crd): Resource {
  const [version] = spec.versions;
  const names = spec.names as Crd['spec']['names'] & { listKind?: string; shortNames: string[]; categories: string[] };
  return {
    group: spec.group,
    version: version.name,
    listKind: `${names.kind}List`,
    ...names,
    namespaced: true,
    verbs: ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'],
    hasStatus: true,
    hasScale: version.subresources?.scale !== undefined,
    schema: version.schema.openAPIV3Schema,
    custom: true,
    columns: version.additionalPrinterColumns ?? [],
    selectableFields: (version.selectableFields ?? []).map(({ jsonPath }) => jsonPath.slice(1)),
  };
}
