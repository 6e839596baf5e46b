import type { Simulator } from '#pve-sim/simulator';

/** What PVE was asked since `after`, polls of tasks left out. @param node the one that was asked; absent: any */
export function requestsSince(sim: Simulator, after: number, node?: string): string[] {
  return sim.journal
    .after(after)
    .filter((entry) => !isTaskPoll(entry.path) && (node === undefined || entry.node === node))
    .map(({ method, path }) => `${method} ${path}`);
}

export function taskPollsSince(sim: Simulator, after: number): number {
  return sim.journal.after(after).filter(({ path }) => isTaskPoll(path)).length;
}

/** Requests that change something. */
export function writesSince(sim: Simulator, after: number): string[] {
  return requestsSince(sim, after).filter((request) => !request.startsWith('GET '));
}

export function lastRequest(sim: Simulator): number {
  return sim.journal.entries.at(-1)?.seq ?? 0;
}

function isTaskPoll(path: string): boolean {
  return /\/tasks\/UPID:.*\/(status|log)$/.test(path);
}
