// The page of every endpoint that PVE has, and what becomes of it in the simulator.
import { readFileSync } from 'node:fs';
import { FEATURES, type Lifetime } from '#pve-sim/profiles/features';
import { PVE_URIS } from '#pve-sim/profiles/uris';
import type { Endpoint } from '#pve-sim/routes/endpoint';
import { ENDPOINTS } from '#pve-sim/routes/endpoints';
import { uriTable } from '#pve-sim/server/known-uris';
import { listFile } from './recorded-endpoints.ts';

type Standing = 'recordings' | 'reading' | '501';

interface Row {
  readonly method: string;
  readonly path: string;
  readonly standing: Standing;
  readonly endpoint: Endpoint | undefined;
}

export function endpointsPage(): string {
  const rows = allRows();
  const count = (wanted: Standing): number => rows.filter(({ standing }) => standing === wanted).length;
  return [
    '# Endpoints of the simulated Proxmox VE',
    '',
    `All ${rows.length} endpoints of PVE 9.2. ${count('recordings')} are played and checked by recordings of the real API,`,
    `${count('reading')} are played by reading of its documentation and schema, ${count('501')} answer 501 \`pve-sim does not play ...\`.`,
    'The parameters of every endpoint that is played are held against PVE’s own schema. "Since" and "until" are the first',
    'release played that has it, and the first that no longer has it.',
    '',
    '| method | path | played | since | until |',
    '|---|---|---|---|---|',
    ...rows.map(line),
    '',
  ].join('\n');
}

function allRows(): Row[] {
  const played = new Map(ENDPOINTS.map((endpoint) => [`${endpoint.method} ${endpoint.path}`, endpoint]));
  const recorded = new Set(JSON.parse(readFileSync(listFile, 'utf8')) as readonly string[]);
  return uriTable(PVE_URIS).map(({ method, path }) => {
    const endpoint = played.get(`${method} ${path}`);
    const checked = recorded.has(`${method} ${path}`) ? 'recordings' : 'reading';
    return { method, path, endpoint, standing: endpoint === undefined ? '501' : checked };
  });
}

const PLAYED: Readonly<Record<Standing, string>> = {
  recordings: 'checked by recordings',
  reading: 'by reading',
  '501': '501',
};

function line({ method, path, standing, endpoint }: Row): string {
  const { since = '', until = '' }: Lifetime = endpoint?.feature === undefined ? {} : FEATURES[endpoint.feature];
  return `| ${method} | \`${path}\` | ${PLAYED[standing]} | ${since} | ${until} |`;
}
