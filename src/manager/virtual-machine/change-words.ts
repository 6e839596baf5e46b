import { isPending, pendingWords } from './pending-words.ts';

interface Size {
  readonly cpu?: number | undefined;
  readonly memoryMiB?: number | undefined;
}

/** What a change has come to: `2 → 8 CPUs; memory (4 GiB → 16 GiB) needs a restart`. */
export function changeWords(
  before: Size | undefined,
  after: Size | undefined,
  provider: Readonly<Record<string, string>> = {},
): string {
  const pending = provider['restart_required'] === 'true' ? (provider['pending'] ?? '') : '';
  const sizes = [
    ...step(before?.cpu, after?.cpu, (cpu) => `${cpu} CPUs`, isPending(pending, 'CPUs')),
    ...step(
      before?.memoryMiB,
      after?.memoryMiB,
      (mib) => `${memoryWords(mib)} of memory`,
      isPending(pending, 'memory'),
    ),
  ];
  const waits = pending === '' ? [] : [`a restart is needed for ${pendingWords(pending)}`];
  return [...sizes, ...waits].join('; ') || 'changed as asked';
}

function step(
  from: number | undefined,
  to: number | undefined,
  words: (value: number) => string,
  waits: boolean,
): string[] {
  if (to === undefined || from === to) return [];
  const change = from === undefined ? words(to) : `${words(from)} → ${words(to)}`;
  return [waits ? change : `${change} live`];
}

function memoryWords(mib: number): string {
  return mib % 1024 === 0 ? `${mib / 1024} GiB` : `${mib} MiB`;
}
