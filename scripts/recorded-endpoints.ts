// Which of PVE's endpoints the recordings of its API call: a fact that is kept here, for pages that are made without them.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { PVE_URIS } from '#pve-sim/profiles/uris';
import { uriTable } from '#pve-sim/server/known-uris';
import { createRouter, splitPath } from '#pve-sim/server/router';

const root = join(import.meta.dirname, '..');
const facts = resolve(root, process.env['FACTS_DIR'] ?? '../shared');
export const traces = join(facts, 'data/pve-traces');
export const listFile = join(import.meta.dirname, 'recorded-endpoints.json');
/** Absent only where nobody says that they should be here. */
export const areMissing = !existsSync(traces) && process.env['FACTS_DIR'] === undefined;

interface Step {
  readonly request?: { readonly method: string; readonly path?: string };
  readonly response?: { readonly status: number };
  readonly race?: readonly Step[];
  readonly connection?: readonly Step[];
}

interface Recording {
  readonly setup: readonly Step[];
  readonly steps: readonly Step[];
}

const NOT_IMPLEMENTED = 501;
const route = createRouter(uriTable(PVE_URIS));

/** `GET /version` and so on, sorted by path. */
export function recordedEndpoints(): string[] {
  const files = globSync('*/*/*.json', { cwd: traces });
  const names = files.flatMap((file) => {
    const { setup, steps } = JSON.parse(readFileSync(join(traces, file), 'utf8')) as Recording;
    return [...setup, ...steps].flatMap(endpointsOf);
  });
  return [...new Set(names)].toSorted((a, b) => byPath(a).localeCompare(byPath(b), 'en'));
}

function endpointsOf(step: Step): string[] {
  const { request, response, race = [], connection = [] } = step;
  const inside = [...race, ...connection].flatMap(endpointsOf);
  if (request?.path === undefined || response === undefined || response.status === NOT_IMPLEMENTED) return inside;
  const [path = ''] = /^\/api2\/[a-z]+(\/.*)$/.exec(request.path.split('?')[0] ?? '')?.slice(1) ?? [];
  const found = route(request.method, splitPath(path))?.endpoint;
  return found === undefined ? inside : [...inside, `${found.method} ${found.path}`];
}

function byPath(name: string): string {
  const [method = '', path = ''] = name.split(' ');
  return `${path} ${method}`;
}
