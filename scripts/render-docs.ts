// Renders the pages that come from tables in the source: `npm run docs`. A test holds them current. Where the recordings
// of PVE are, the list of the endpoints that they call is made first.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EXTRA_WORDS } from '#domain/extra-words';
import { EXTRA_OPTIONS } from '#provider/plan/extra-options';
import type { Live } from '#provider/plan/facet';
import { facets } from '#provider/plan/plan';
import { settingsTable } from '#provider/settings';
import { DEFAULT_DURATIONS } from '#pve-sim/durations';
import { LATENCIES } from '#pve-sim/latency';
import { EXTENSIONS } from '#rpc/payload/extensions';
import type { Setting } from '#runtime/settings';
import { endpointsPage } from './endpoints-page.ts';
import { kindPages } from './kind-pages.ts';
import { renderCrds } from './render-crds.ts';
import { areMissing, listFile, recordedEndpoints } from './recorded-endpoints.ts';

const root = join(import.meta.dirname, '..');

/** Page below docs/ to its text. */
export function renderDocs(): Record<string, string> {
  return {
    'extra-config.md': extraConfigPage(),
    'reconfigure.md': reconfigurePage(),
    'settings.md': settingsPage(),
    'simulator-endpoints.md': endpointsPage(),
    'simulator-times.md': simulatorTimesPage(),
    'wire-extensions.md': extensionsPage(),
    ...kindPages(),
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

const WHEN: Readonly<Record<Live, readonly [off: string, on: string]>> = {
  hot: ['at once', 'at once'],
  restart: ['at once', 'after a restart'],
  refused: ['refused', 'refused'],
  kept: ['as it is', 'as it is'],
};

function reconfigurePage(): string {
  const rows = facets.flatMap((facet) => facet.live);
  return [
    '# Changing a VM that is there',
    '',
    'Reconfigure takes the whole request of a VM (`desired_json`) and makes the VM what it says, as far as that can be done',
    'without taking anything away: what a request does not name, or no longer names, stays. Disks, NICs, tags and options that',
    'somebody has added in PVE are never touched, and an edit that is made meanwhile is planned with. Whatever is wrong with',
    'a request is found before anything is written.',
    '',
    'Nobody here stops or restarts a guest. What has to wait stays pending in PVE, and is told by `pending` and',
    '`restart_required` in `status.provider` until the VM has been stopped and started in PVE (a reboot from inside the guest',
    'is not enough; Power `REBOOT` is). PVE decides each time: where a guest does not give back a CPU or memory, or where hotplug is',
    'switched off in the VM, what says "at once" here waits as well.',
    '',
    '| change | off | running | |',
    '|---|---|---|---|',
    ...rows.map(({ change, live, note = '' }) => `| ${change} | ${WHEN[live].join(' | ')} | ${note} |`),
    '| name, image, node, pool | as it is | as it is | they are decided when the VM is made |',
    '',
    '**Disks.** `root` is the disk the VM boots from, every other name the disk with that serial number ([disks.md](disks.md)),',
    'or the slot of that name (`scsi1`). A name that is not there is a new disk, but not on a VM that was cloned or made by somebody else:',
    'there it may be meant for a disk that is there, and is refused with a list of them. It is refused, too, as long as the VM has a',
    'disk that somebody has detached (`unusedN`), and where two names mean one disk. A disk that is detached and attached again has',
    'lost its serial number in PVE: give it back (`serial=data`), or the name is that of a new disk.',
    '',
    '**Networks.** The first entry is the NIC that Create made for it, found by its MAC, else `net0`, and so on. `VLAN: 0` is',
    'how the manager says nothing: the NIC keeps its VLAN unless it goes to another bridge. Where a VM that was made here has a NIC of',
    'another MAC at that place, and on another bridge, nobody can tell whose it is: the request is refused until it names the MAC.',
    '',
    "**Cloud-init.** Of PVE's own options only what the request names is replaced: a gateway, the other address family and keys that",
    'somebody has added stay. There is no way back to DHCP by leaving an address out.',
    '',
    '**CPUs** are plugged one by one where the VM was made with room for more; beyond that its cores change with a restart.',
    '**Memory** is plugged where the class asked for hot-add when the VM was made. Otherwise a smaller memory waits for a restart: no',
    'balloon is inflated for it. A VM whose NUMA nodes are laid out by hand (`numa0`) keeps its memory, since it would not start.',
    "What is plugged is the guest's once it has brought it online. Its agent is asked; where that does not show it, or does not answer,",
    'the `warnings` in `status.provider` say `plugged, not confirmed by the guest`, and when it was asked.',
    '',
    '**What was pending before**, by whatever hand, stays so with a VM that runs, except for the options that the request names. With a',
    'VM that is off PVE puts all of it in force with the first change. Both are in the log.',
    '',
    'A call whose time is over before PVE has finished is answered `ABORTED`; the next one goes on from what is there. A storage that',
    'turns out to be full is `RESOURCE_EXHAUSTED`: what does not need its room is in force by then, and the next call does the rest.',
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
  for (const folder of ['docs/kinds', 'crds']) await mkdir(join(root, folder), { recursive: true });
  for (const [page, text] of Object.entries(renderDocs())) await writeFile(join(root, 'docs', page), text);
  for (const [file, text] of Object.entries(renderCrds())) await writeFile(join(root, 'crds', file), text);
}
