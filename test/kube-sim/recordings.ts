// Recordings of kubectl against a real CRD server, for tests of what is pure.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json, JsonObject } from '#kube-sim/object';
import type { Schema } from '#kube-sim/schema/schema';
import { parse } from 'yaml';

export interface Exchange {
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly 'content-type'?: string;
    readonly body?: Json;
  };
  readonly response: { readonly status: number; readonly warning?: string; readonly body?: Json };
}

const root = join(process.env['FACTS_DIR'] ?? '../shared', 'data/kube-traces');

export const isMissing = !existsSync(root) && process.env['FACTS_DIR'] === undefined;

/** For the title of a suite. */
export const skipped = isMissing ? ' (skipped: ../shared is not here)' : '';

/** Exchanges of the recordings whose number is from `from` to `to`, in order. */
export function exchanges(from: number, to: number): { readonly name: string; readonly exchange: Exchange }[] {
  const files = isMissing
    ? []
    : readdirSync(root)
        .filter((file) => /^\d{3}-.*\.json$/.test(file))
        .sort();
  const chosen = files.filter((file) => Number(file.slice(0, 3)) >= from && Number(file.slice(0, 3)) <= to);
  return chosen.flatMap((file) => {
    const recording = JSON.parse(readFileSync(join(root, file), 'utf8')) as { readonly exchanges: readonly Exchange[] };
    return recording.exchanges.map((exchange) => ({ name: file.replace('.json', ''), exchange }));
  });
}

/** The schema of the recorded `machines`. */
export function machineSchema(): Schema {
  if (isMissing) return {};
  const crd = parse(readFileSync(join(root, 'crds/machines.yaml'), 'utf8')) as JsonObject;
  const { versions } = crd['spec'] as unknown as {
    readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: Schema } }[];
  };
  return versions[0]?.schema.openAPIV3Schema ?? {};
}

/** A body as it was sent; undefined where it was not recorded. */
export function bodyText(body: Json | undefined): string | undefined {
  if (body === undefined) return '';
  const { $raw: raw, $omitted: omitted } = (body ?? {}) as { readonly $raw?: string; readonly $omitted?: string };
  return omitted === undefined ? (raw ?? JSON.stringify(body)) : undefined;
}
