// Reconfigures at random of VMs that people edit at the same time, and what must never come of it.
import { PowerOp } from '#rpc/contract';
import { outcomeOf } from './outcome.ts';
import { editByHand, macOf, madeVm, restartsOf } from './reconfigured.ts';
import { type CreateParts, nic, reconfigureRequest, rootDisk } from './requests.ts';
import { guestOf, type Stage } from './stage.ts';
import { until } from './until.ts';

interface Run {
  readonly count: number;
  readonly vms: number;
  readonly random: () => number;
}

export interface Found {
  readonly flaws: readonly string[];
  /** Edits that came between a read and a write. */
  readonly edits: number;
}

/** On `vms` VMs at once, every second of which runs. */
export async function randomReconfigures(stage: Stage, { count, vms, random }: Run): Promise<Found> {
  const flaws: string[] = [];
  let edits = 0;
  const one = async (index: number): Promise<void> => {
    const vm = createSubject(stage);
    if (index % 2 === 0) await stage.client.power({ id: vm.id, op: PowerOp.ON });
    for (let nth = 0; nth < count / vms && flaws.length === 0; nth++) {
      const flaw = await vm.round(nth, random);
      if (flaw !== undefined) flaws.push(`VM ${index}, round ${nth}: ${flaw}`);
    }
    edits += vm.edits();
  };
  await Promise.all(Array.from({ length: vms }, async (_, index) => await one(index)));
  return { flaws, edits };
}

interface Subject {
  readonly id: string;
  edits(): number;
  /** @returns what is wrong afterwards */
  round(nth: number, random: () => number): Promise<string | undefined>;
}

function createSubject(stage: Stage): Subject {
  const id = madeVm(stage);
  const kept = new Map<string, string>();
  let sizes = { root: 1, data: 1 };
  let edits = 0;
  const edit = (random: () => number, nth: number): void => {
    editByHand(guestOf(stage, id).config, random(), nth, kept);
  };
  return {
    id,
    edits: () => edits,
    round: async (nth, random) => {
      const grown = (size: number): number => size + Number(random() < 0.2);
      sizes = { root: grown(sizes.root), data: grown(sizes.data) };
      const wish = { cpus: 1 + Math.floor(random() * 8), memory: 1024 * (1 + Math.floor(random() * 8)) };
      const parts = partsOf(sizes, wish, random);
      if (random() < 0.3) edit(random, nth);
      if (random() < 0.8) {
        const path = new RegExp(random() < 0.5 ? `/qemu/${id}/pending$` : `/qemu/${id}/config$`);
        stage.moments.at({ method: 'GET', path }, () => {
          edits += 1;
          edit(random, nth);
        });
      }
      const restarts = restartsOf(stage, id);
      // As the manager: what PVE had no time for is asked for again.
      const { kind, message } = await until(
        async () => await outcomeOf(stage.client.reconfigure(reconfigureRequest(id, { name: `vm-${id}`, ...parts }))),
        (outcome) => outcome.kind !== 'busy',
      );
      if (kind !== 'ok') return `${kind} ${message}`;
      // Old tasks drop out of the lists.
      if (restartsOf(stage, id) > restarts) return 'restarted';
      return lost(stage, id, kept) ?? missed(stage, id, { ...wish, ...sizes });
    },
  };
}

function partsOf(sizes: Sizes, wish: Wish, random: () => number): CreateParts {
  const maybe = <T>(value: T): T | null => (random() < 0.7 ? value : null);
  return {
    class: { CPU: wish.cpus, MemoryMiB: wish.memory },
    networks: maybe([nic({ Bridge: random() < 0.5 ? 'vmbr0' : 'vmbr1' })]),
    disks: [rootDisk(sizes.root), { Name: 'data', SizeGiB: sizes.data, Type: '' }],
    tags: maybe(['web', `t${Math.floor(random() * 4)}`]) ?? [],
  };
}

interface Sizes {
  readonly root: number;
  readonly data: number;
}

interface Wish {
  readonly cpus: number;
  readonly memory: number;
}

/** What somebody has edited and is not there any more. */
function lost(stage: Stage, id: string, kept: ReadonlyMap<string, string>): string | undefined {
  const { config, pendingDelete } = guestOf(stage, id);
  for (const [key, value] of kept) {
    const is = config[key] ?? '';
    const isKept =
      key === 'tags'
        ? value.split(';').every((tag) => is.split(';').includes(tag))
        : key === 'net0'
          ? /rate=\d+/.exec(is)?.[0] === /rate=\d+/.exec(value)?.[0]
          : is === value;
    if (!isKept) return `${key} was ${value}, and is ${is}`;
  }
  const gone = Object.keys(pendingDelete).filter((key) => /^(scsi|net)\d/.test(key));
  return gone.length === 0 ? undefined : `to be detached: ${gone.join(', ')}`;
}

/** What was asked for and is neither in force nor pending. */
function missed(stage: Stage, id: string, wish: Sizes & Wish): string | undefined {
  const { config, pending } = guestOf(stage, id);
  const next = { ...config, ...pending };
  const size = (slot: string): string | undefined => /size=(\w+)/.exec(config[slot] ?? '')?.[1];
  const is = [
    next['vcpus'] ?? next['cores'],
    next['memory'],
    size('scsi0'),
    size('scsi1'),
    next['net0']?.startsWith(`virtio=${macOf(id)},`) === true,
  ];
  const wanted = [String(wish.cpus), String(wish.memory), `${wish.root}G`, `${wish.data}G`, true];
  return JSON.stringify(is) === JSON.stringify(wanted)
    ? undefined
    : `${JSON.stringify(is)}, not ${JSON.stringify(wanted)}`;
}
