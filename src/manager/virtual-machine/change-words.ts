import { isPending, otherPendingWords } from './pending-words.ts';

interface Size {
  readonly cpu?: number | undefined;
  readonly memoryMiB?: number | undefined;
}

/** What a change has come to: `2 → 8 CPUs live; 4 → 16 GiB of memory after a restart`. */
export function changeWords(
  before: Size | undefined,
  after: Size | undefined,
  provider: Readonly<Record<string, string>> = {},
): string {
  const isRunning = provider['status'] !== 'stopped';
  const pending = provider['restart_required'] === 'true' ? (provider['pending'] ?? '') : '';
  const when = (what: string): string => {
    if (isPending(pending, what)) return ' after a restart';
    return isRunning ? ' live' : '';
  };
  const cpus = step(before?.cpu, after?.cpu, 'CPUs');
  const memory = step(...inOneUnit(before?.memoryMiB, after?.memoryMiB));
  const others = otherPendingWords(pending, ['CPUs', 'memory']);
  const changes = [
    ...(cpus === undefined ? [] : [`${cpus}${when('CPUs')}`]),
    ...(memory === undefined ? [] : [`${memory}${when('memory')}`]),
    ...(others === undefined ? [] : [`${others} after a restart`]),
  ];
  return changes.join('; ') || 'changed as asked for';
}

/** undefined where nothing changes. */
function step(from: number | undefined, to: number | undefined, unit: string): string | undefined {
  if (to === undefined || from === to) return undefined;
  return from === undefined ? `${to} ${unit}` : `${from} → ${to} ${unit}`;
}

type Step = readonly [from: number | undefined, to: number | undefined, unit: string];

function inOneUnit(from: number | undefined, to: number | undefined): Step {
  const isWhole = [from, to].every((mib) => mib === undefined || mib % 1024 === 0);
  const inGib = (mib: number | undefined): number | undefined => (mib === undefined ? undefined : mib / 1024);
  return isWhole ? [inGib(from), inGib(to), 'GiB of memory'] : [from, to, 'MiB of memory'];
}
