// Texts that are to be times, read as Go's time.Parse reads them: step by step, and what is said names the step.
import { quoted } from '../go-text.ts';

type Step = readonly [element: string, pattern: RegExp];

const DATE: readonly Step[] = [
  ['2006', /^\d{4}/],
  ['-', /^-/],
  ['01', /^\d{2}/],
  ['-', /^-/],
  ['02', /^\d{2}/],
  ['T', /^T/],
  ['15', /^\d{2}/],
  [':', /^:/],
  ['04', /^\d{2}/],
  [':', /^:/],
];
const ZONE: Step = ['Z07:00', /^(Z|[+-]\d{2}:\d{2})/];

/** A fraction may follow the seconds though the layout has none, unless it wants one of six digits. */
const LAYOUTS = {
  Time: [...DATE, ['05', /^\d{2}(\.\d+)?/], ZONE],
  MicroTime: [...DATE, ['05', /^\d{2}/], ['.000000', /^\.\d{6}/], ZONE],
} as const satisfies Readonly<Record<string, readonly Step[]>>;

/** What is said of a text that is no such time; undefined: it is one. */
export function timeFault(text: string, type: keyof typeof LAYOUTS = 'Time'): string | undefined {
  const layout = LAYOUTS[type];
  let rest = text;
  for (const [element, pattern] of layout) {
    const found = pattern.exec(rest)?.[0];
    if (found === undefined) {
      const whole = layout.map(([part]) => part).join('');
      return `parsing time ${quoted(text)} as "${whole}": cannot parse ${quoted(rest)} as "${element}"`;
    }
    rest = rest.slice(found.length);
  }
  if (rest !== '') return `parsing time ${quoted(text)}: extra text: ${quoted(rest)}`;
  const part = outOfRange(text);
  return part === undefined ? undefined : `parsing time ${quoted(text)}: ${part} out of range`;
}

function outOfRange(text: string): string | undefined {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = (text.match(/\d+/g) ?? []).map(Number);
  if (month < 1 || month > 12) return 'month';
  if (hour > 23) return 'hour';
  if (minute > 59) return 'minute';
  if (second > 59) return 'second';
  return day < 1 || day > new Date(Date.UTC(year, month, 0)).getUTCDate() ? 'day' : undefined;
}
