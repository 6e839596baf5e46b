// What the live page shows, as one plain answer: a person debugging a client looks at this, rather than greps.
import type { JournalEntry } from '../journal.ts';
import { isQuorate } from '../nodes/membership.ts';
import type { Simulator } from '../simulator.ts';
import type { Guest, NodeState, TaskRecord, World } from '../world/world.ts';

/** A page is read by a person: so many rows are enough. */
const SHOWN = { guests: 200, tasks: 40, calls: 60 };

export interface LiveView {
  /** ms of the world's time */
  readonly now: number;
  readonly timeScale: number;
  readonly nodes: readonly Record<string, unknown>[];
  /** All guests that match, of which the first are shown. */
  readonly guestCount: number;
  readonly guests: readonly Record<string, unknown>[];
  /** Newest first. */
  readonly tasks: readonly Record<string, unknown>[];
  /** Newest first; one without a status is not answered yet. */
  readonly calls: readonly JournalEntry[];
}

/** @param find part of a guest's id, name, node, tags or lock; empty shows all */
export function liveView({ world, journal, clock }: Simulator, find: string): LiveView {
  const rows = Object.values(world.guests).map(guestRow);
  const wanted = rows.filter((row) => Object.values(row).join(' ').includes(find));
  return {
    now: clock.now(),
    timeScale: clock.factor,
    nodes: nodeRows(world),
    guestCount: wanted.length,
    guests: wanted.slice(0, SHOWN.guests),
    tasks: newest(Object.values(world.tasks), SHOWN.tasks).map(taskRow),
    calls: newest(journal.entries, SHOWN.calls),
  };
}

function newest<T>(all: readonly T[], count: number): T[] {
  return all.slice(-count).reverse();
}

function nodeRows(world: World): Record<string, unknown>[] {
  const { nodes, guests } = world;
  const counts = new Map<string, { all: number; running: number }>();
  for (const { node, run } of Object.values(guests)) {
    const count = counts.get(node) ?? { all: 0, running: 0 };
    counts.set(node, { all: count.all + 1, running: count.running + (run === undefined ? 0 : 1) });
  }
  return Object.values(nodes).map((node) => ({
    name: node.name,
    pve: node.pve,
    state: stateOf(world, node),
    guests: counts.get(node.name)?.all ?? 0,
    running: counts.get(node.name)?.running ?? 0,
  }));
}

function stateOf(world: World, { name, online, daemons }: NodeState): string {
  if (!online) return 'offline';
  if (!isQuorate(world, name)) return 'no quorum';
  const troubled = Object.entries(daemons).filter(([, state]) => state !== 'running');
  return troubled.length === 0 ? 'online' : troubled.map(([daemon, state]) => `${daemon} daemon ${state}`).join(', ');
}

function guestRow({ vmid, type, node, config, run, pending, pendingDelete }: Guest): Record<string, unknown> {
  const template = config['template'] === '1';
  return {
    vmid,
    name: config['name'] ?? config['hostname'] ?? '',
    kind: template ? 'template' : type,
    node,
    status: run?.qmpStatus ?? 'stopped',
    lock: config['lock'] ?? '',
    tags: config['tags'] ?? '',
    pending: [...Object.keys(pending), ...Object.keys(pendingDelete)].join(' '),
  };
}

function taskRow({
  upid,
  type,
  id,
  node,
  user,
  starttime,
  endtime,
  exitstatus,
  log,
}: TaskRecord): Record<string, unknown> {
  const status = exitstatus ?? 'running';
  return { upid, type, id, node, user, starttime, endtime, status, line: log.at(-1) ?? '' };
}
