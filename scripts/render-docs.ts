// Renders the pages that come from tables in the source: `npm run docs`. A test holds them current. Where the recordings
// of PVE are, the list of the endpoints that they call is made first.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EXTRA_WORDS } from '#domain/extra-words';
import { EXTRA_OPTIONS } from '#provider/plan/extra-options';
import { settingsTable } from '#provider/settings';
import { DEFAULT_DURATIONS } from '#pve-sim/durations';
import { LATENCIES } from '#pve-sim/latency';
import { EXTENSIONS } from '#rpc/payload/extensions';
import type { Setting } from '#runtime/settings';
import { endpointsPage } from './endpoints-page.ts';
import { areMissing, listFile, recordedEndpoints } from './recorded-endpoints.ts';

const root = join(import.meta.dirname, '..');

/** Page below docs/ to its text. */
export function renderDocs(): Record<string, string> {
  return {
    'extra-config.md': extraConfigPage(),
    'settings.md': settingsPage(),
    'simulator-endpoints.md': endpointsPage(),
    'simulator-times.md': simulatorTimesPage(),
    'wire-extensions.md': extensionsPage(),
  };
}

function settingsPage(): string {
  const settings: Setting<unknown>[] = Object.values(settingsTable);
  return [
    '# Settings of the provider',
    '',
    'For each setting the first of these that is not empty wins: a file in the credentials folder, then the variables in',
    'the order given here, then the default. Booleans are `true` or `false`; durations are `500ms`, `2s`, `5m`, and a bare',
    'number is seconds. Token id and secret, or user and password, always come from one source as a pair. An unknown `PVE_*`',
    'variable is answered with a warning.',
    '',
    '| variables | file | default | what it does |',
    '|---|---|---|---|',
    ...settings.map(settingRow),
    '',
  ].join('\n');
}

function settingRow(setting: Setting<unknown>): string {
  const variables = setting.variables.map((name) => `\`${name}\``).join(', ');
  const example = setting.example === undefined ? '' : ` Example: \`${setting.example}\`.`;
  const file = setting.file === undefined ? '' : `\`${setting.file}\``;
  return `| ${variables} | ${file} | ${defaultText(setting.fallback)} | ${setting.about}${example} |`;
}

function defaultText(value: unknown): string {
  if (value === '' || (Array.isArray(value) && value.length === 0)) return '';
  if (typeof value === 'number') return `${value / 1000} s`;
  return typeof value === 'string' || typeof value === 'boolean' ? `\`${value}\`` : '';
}

function extensionsPage(): string {
  return [
    "# What travels beyond upstream's contract",
    '',
    "Keys that a caller may add to the JSON fields of a request. VirtRigaud's own manager never sends them, and its",
    'providers ignore them. What this version cannot do yet (placement by policy) is',
    'refused by name.',
    '',
    '| field | key | type | meaning |',
    '|---|---|---|---|',
    ...EXTENSIONS.map(({ field, key, type, meaning }) => `| \`${field}\` | \`${key}\` | ${type} | ${meaning} |`),
    '',
  ].join('\n');
}

function extraConfigPage(): string {
  return [
    '# Extra settings of a class',
    '',
    '`extraConfig` of a VMClass (`ExtraConfig` in `class_json`) sets options of PVE by their own names, as texts. What is not',
    'on this list is refused by name before anything is made: options that only a login of root may set, and those that',
    'belong to another field. Where a field of the class says the same in its own words, both at once are refused; what',
    'merely follows from nothing being said gives way.',
    '',
    '| key | value | what it does | instead of |',
    '|---|---|---|---|',
    ...EXTRA_OPTIONS.map(({ key, values, example, about, rival, since }) => {
      const version = since === undefined ? '' : ` (PVE ${since.join('.')} or later)`;
      const field = rival === undefined ? '' : `\`${rival.field}\``;
      return `| \`${key}\` | ${values}; such as \`${example}\` | ${about}${version} | ${field} |`;
    }),
    '',
    'And these words, for callers that have no field of their own for them:',
    '',
    '| key | what it does | the field |',
    '|---|---|---|',
    ...EXTRA_WORDS.map(({ key, about, field }) => `| \`${key}\` | ${about} | \`${field}\` |`),
    '',
  ].join('\n');
}

function simulatorTimesPage(): string {
  return [
    '# How long things take in the simulator',
    '',
    "Milliseconds of the world's time; `--time-scale` divides them all. What work takes is a small healthy cluster's; waits",
    "and limits are PVE's own. A world in a test may set any of the second table (`durations` of `startSimulator`).",
    '',
    '## Answers',
    '',
    'Before what a call itself waits for. Spread around the median by a factor of e^0.4 (log-normal) and drawn from the',
    'seed; `--no-latency` leaves them out. The first row that fits counts.',
    '',
    '| call | median |',
    '|---|---|',
    ...LATENCIES.map(({ what, medianMs }) => `| ${what} | ${medianMs} |`),
    '',
    '## Work, waits and limits',
    '',
    '| name | value |',
    '|---|---|',
    ...Object.entries(DEFAULT_DURATIONS).map(([name, value]) => `| \`${name}\` | ${value} |`),
    '',
  ].join('\n');
}

if (import.meta.main) {
  if (!areMissing) await writeFile(listFile, `${JSON.stringify(recordedEndpoints(), null, 2)}\n`);
  for (const [page, text] of Object.entries(renderDocs())) await writeFile(join(root, 'docs', page), text);
}
