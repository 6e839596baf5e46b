// From a wish and what PVE has to the steps between them. Pure: never stored, made again whenever it is needed.
import type { Change, Facet, IsoUpload, Resize, WarningCode } from './facet.ts';
import { agent } from './facets/agent.ts';
import { bootDisk } from './facets/boot-disk.ts';
import { bootOrder } from './facets/boot-order.ts';
import { cloudInit } from './facets/cloud-init.ts';
import { cpu } from './facets/cpu.ts';
import { cpuModel } from './facets/cpu-model.ts';
import { dataDisks } from './facets/data-disks.ts';
import { extraConfig } from './facets/extra-config.ts';
import { firmware } from './facets/firmware.ts';
import { hotplug } from './facets/hotplug.ts';
import { limits } from './facets/limits.ts';
import { machine } from './facets/machine.ts';
import { memory } from './facets/memory.ts';
import { networks } from './facets/networks.ts';
import { protection } from './facets/protection.ts';
import { tags } from './facets/tags.ts';
import { tpm } from './facets/tpm.ts';
import type { Have, Wish } from './wish.ts';

/** In the order of their word: a later one has the last. */
export const facets: readonly Facet[] = [
  cpu,
  cpuModel,
  memory,
  hotplug,
  limits,
  machine,
  firmware,
  tpm,
  agent,
  bootDisk,
  dataDisks,
  networks,
  cloudInit,
  bootOrder,
  tags,
  protection,
  // The last word: what somebody says in PVE's own terms is meant so.
  extraConfig,
];

export type Step =
  | ({ readonly kind: 'upload-iso' } & IsoUpload)
  | {
      readonly kind: 'configure';
      readonly set: Readonly<Record<string, string>>;
      readonly delete: readonly string[];
    }
  /** Removes drives, and their volumes with them. */
  | { readonly kind: 'destroy'; readonly drives: readonly string[] }
  | ({ readonly kind: 'resize' } & Resize);

export interface Plan {
  /** In the order in which they are to be done; none where PVE has what is wished. */
  readonly steps: readonly Step[];
  readonly warnings: readonly WarningCode[];
}

/** What only a class can ask for. The other facets find nothing in a class that says nothing. */
const OF_SIZE: ReadonlySet<Facet> = new Set([cpu, memory, hotplug]);

/** Throws a Fault for a wish that cannot be fulfilled. */
export function planVm(wish: Wish, have: Have): Plan {
  const isKept = wish.keepsSize === true || wish.spec.clone?.keepsSize === true;
  const asked = isKept ? facets.filter((facet) => !OF_SIZE.has(facet)) : facets;
  const changes = asked.map((facet) => facet.diff(wish, have));
  const warnings = new Set(changes.flatMap((change) => change.warnings ?? []));
  return { steps: toSteps(changes), warnings: [...warnings] };
}

/**
 * What is in the way goes first; an ISO is there before it is attached; disks grow when the configuration names what it
 * should. Where two facets set one option the later has it.
 */
function toSteps(changes: readonly Change[]): Step[] {
  const set = Object.fromEntries(changes.flatMap((change) => Object.entries(change.set ?? {})));
  const removed = changes.flatMap((change) => change.delete ?? []).filter((key) => set[key] === undefined);
  const destroyed = changes.flatMap((change) => change.destroy ?? []);
  const uploads = changes.flatMap((change) => change.upload ?? []);
  const resizes = changes.flatMap((change) => change.resize ?? []);
  const configure: Step[] =
    Object.keys(set).length === 0 && removed.length === 0 ? [] : [{ kind: 'configure', set, delete: removed }];
  return [
    ...(destroyed.length === 0 ? [] : [{ kind: 'destroy', drives: destroyed } as const]),
    ...uploads.map((upload): Step => ({ kind: 'upload-iso', ...upload })),
    ...configure,
    ...resizes.map((resize): Step => ({ kind: 'resize', ...resize })),
  ];
}
