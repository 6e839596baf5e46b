const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

interface Span {
  /** The first length that is too long for this row, in milliseconds. */
  readonly below: number;
  readonly unit: number;
  readonly letter: string;
  /** The second unit, left out where there are none of it. */
  readonly next?: readonly [unit: number, letter: string];
}

const SPANS: readonly Span[] = [
  { below: 2 * MINUTE, unit: SECOND, letter: 's' },
  { below: 10 * MINUTE, unit: MINUTE, letter: 'm', next: [SECOND, 's'] },
  { below: 3 * HOUR, unit: MINUTE, letter: 'm' },
  { below: 8 * HOUR, unit: HOUR, letter: 'h', next: [MINUTE, 'm'] },
  { below: 2 * DAY, unit: HOUR, letter: 'h' },
  { below: 8 * DAY, unit: DAY, letter: 'd', next: [HOUR, 'h'] },
  { below: 2 * YEAR, unit: DAY, letter: 'd' },
  { below: 8 * YEAR, unit: YEAR, letter: 'y', next: [DAY, 'd'] },
  { below: Number.POSITIVE_INFINITY, unit: YEAR, letter: 'y' },
];

/** How long something lasts, as kubectl users read it: `45s`, `2m30s`, `3h`, `2d5h`. `<invalid>` if it ends before it begins. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds <= -2 * SECOND) return '<invalid>';
  const length = Math.max(milliseconds, 0);
  const span = SPANS.find(({ below }) => length < below);
  return span === undefined ? '<invalid>' : spelled(length, span);
}

function spelled(length: number, { unit, letter, next }: Span): string {
  const whole = `${Math.floor(length / unit)}${letter}`;
  if (next === undefined) return whole;
  const rest = Math.floor((length % unit) / next[0]);
  return rest === 0 ? whole : `${whole}${rest}${next[1]}`;
}

/** How long ago a time of the API (RFC 3339) was. */
export function formatAge(time: string | undefined, now: number): string {
  if (time === undefined || time === '') return '<unknown>';
  const at = Date.parse(time);
  return Number.isNaN(at) || !RFC_3339.test(time) ? '<invalid>' : formatDuration(now - at);
}
