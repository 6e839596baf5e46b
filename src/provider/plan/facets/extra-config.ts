import { EXTRA_WORDS } from '#domain/extra-words';
import { Fault, invalidSpec } from '#domain/fault';
import { nearest } from '#domain/nearest';
import { parseCpu } from '#pve/codec/cpu';
import { isAtLeast } from '#pve/rules/versions';
import { CLOSED_OPTIONS, EXTRA_OPTIONS, type ExtraOption } from '../extra-options.ts';
import { type Facet, optionChanges } from '../facet.ts';
import type { Have, Wish } from '../wish.ts';

const FIELD = 'class_json.ExtraConfig';

/** Options in PVE's own words. */
export const extraConfig: Facet = {
  name: 'extra config',
  live: [
    { change: '`cpulimit`, `cpuunits`, `shares`, `balloon`, `onboot`, `startup` of `ExtraConfig`', live: 'hot' },
    { change: 'other options of `ExtraConfig`', live: 'restart' },
    { change: 'an option that `ExtraConfig` no longer names', live: 'kept' },
  ],
  diff: (wish, have) => {
    const entries = Object.entries(wish.spec.size.extra).map(([key, text]) => [key, value(wish, have, key, text)]);
    return optionChanges(have, Object.fromEntries(entries) as Record<string, string>);
  },
};

function value(wish: Wish, have: Have, key: string, text: string): string {
  const option = EXTRA_OPTIONS.find((each) => each.key === key);
  if (option === undefined) throw unknownKey(key);
  refuseRival(wish, option);
  refuseVersion(wish, option);
  const read = option.read(text.trim());
  if (read === undefined) {
    throw invalidSpec(`${FIELD}.${key}`, `"${text}" is no value of it`, `Use ${plain(option.values)}`);
  }
  if (key === 'cpu') refuseModel(wish, have, read);
  if (key === 'balloon') refuseBalloon(wish, Number(read));
  if (key === 'startup') refuseStartup(wish);
  return read;
}

function unknownKey(key: string): Fault {
  const closed = CLOSED_OPTIONS.find(({ form }) => form.test(key));
  if (closed !== undefined) return invalidSpec(`${FIELD}.${key}`, closed.why, closed.remedy);
  const known = [...EXTRA_OPTIONS, ...EXTRA_WORDS].map((option) => option.key);
  const close = nearest(key, known);
  const hint = close === undefined ? '' : `Did you mean ${close}? `;
  return invalidSpec(
    `${FIELD}.${key}`,
    'it is not on the list of what may be set',
    `${hint}There are ${known.join(', ')}`,
  );
}

function refuseRival({ spec }: Wish, { key, rival }: ExtraOption): void {
  if (rival?.isSaid(spec) !== true) return;
  throw invalidSpec(`${FIELD}.${key}`, `${rival.field} says the same in other words`, 'Keep one of the two');
}

function refuseVersion({ site }: Wish, { key, since }: ExtraOption): void {
  if (since === undefined || isAtLeast(site.version, ...since)) return;
  throw new Fault('unsupported', {
    subject: `${FIELD}.${key}`,
    why: `PVE ${site.version.text} does not have it, or only for root`,
    remedy: `Leave it out, or upgrade PVE to ${since.join('.')} or later`,
  });
}

function refuseModel({ site }: Wish, have: Have, cpu: string): void {
  const model = parseCpu(cpu)?.model;
  const models = site.host.cpuModels;
  if (model === undefined || models === undefined || models.includes(model)) return;
  const close = nearest(model, models);
  throw invalidSpec(
    `${FIELD}.cpu`,
    `node ${have.node} has no CPU model "${model}"`,
    close === undefined ? 'Use host, x86-64-v2-AES or another one that PVE lists' : `Did you mean ${close}?`,
  );
}

function refuseBalloon({ spec }: Wish, mib: number): void {
  if (mib <= spec.size.memoryMib) return;
  throw invalidSpec(
    `${FIELD}.balloon`,
    `${mib} MiB is more than the ${spec.size.memoryMib} MiB of the VM`,
    'Use no more than the memory',
  );
}

function refuseStartup({ site }: Wish): void {
  if (site.host.mayModify) return;
  throw new Fault('forbidden', {
    subject: `${FIELD}.startup`,
    why: 'PVE asks for Sys.Modify on / for it, which we do not hold',
    remedy: 'Leave it out, or grant Sys.Modify on / to the user and to the API token',
  });
}

const plain = (words: string): string => words.replaceAll('`', '');
