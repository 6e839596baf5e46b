import { PveError } from './errors.ts';
import { type PveText, readText } from './rules/texts.ts';
import { TaskFailed } from './tasks.ts';

/**
 * What PVE said when something failed, whether as an HTTP answer or as the end of a task: the same refusal comes as
 * either, depending on version and luck (pve-behaviour 27.1, 28.3). Undefined where it is no text we know.
 */
export function saidBy(error: unknown): PveText | undefined {
  if (error instanceof TaskFailed) return readText(error.exitStatus);
  if (!(error instanceof PveError)) return undefined;
  for (const text of [error.message, error.reason, ...Object.values(error.errors)]) {
    const read = readText(text);
    if (read !== undefined) return read;
  }
  return undefined;
}
