// PVE's own description of its API (9.2), as a table of method and path.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const file = join(process.env['FACTS_DIR'] ?? '../shared', 'data/pve-api-schema.slim.json');

export interface PveProperty {
  readonly type?: string;
  readonly optional?: number;
  readonly enum?: readonly string[] | null;
  readonly minimum?: number | string;
  readonly maximum?: number | string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly format?: string | Readonly<Record<string, PveProperty>>;
  readonly items?: PveProperty;
  readonly requires?: string;
  /** Only in property strings. */
  readonly default_key?: number;
  readonly alias?: string;
  readonly keyAlias?: string;
}

type PveCheck = readonly unknown[];

export interface PveEndpoint {
  readonly parameters: { readonly properties?: Readonly<Record<string, PveProperty>> };
  readonly protected?: number;
  readonly proxyto?: string | null;
  readonly allowtoken?: number;
  readonly permissions?: { readonly check?: PveCheck; readonly user?: string };
}

interface Branch {
  readonly path: string;
  readonly info?: Readonly<Record<string, PveEndpoint>>;
  readonly children?: readonly Branch[];
}

export const isMissing = !existsSync(file) && process.env['FACTS_DIR'] === undefined;
const tree = isMissing ? [] : (JSON.parse(readFileSync(file, 'utf8')) as readonly Branch[]);

/** By `GET /nodes/{node}/qemu`. */
export const pveEndpoints: ReadonlyMap<string, PveEndpoint> = new Map(tree.flatMap(endpointsOf));

function endpointsOf({ path, info = {}, children = [] }: Branch): [string, PveEndpoint][] {
  const own = Object.entries(info).map(([method, endpoint]): [string, PveEndpoint] => [`${method} ${path}`, endpoint]);
  return [...own, ...children.flatMap(endpointsOf)];
}
