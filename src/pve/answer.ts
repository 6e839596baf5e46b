// Reading PVE's answers. Numbers may come as strings, booleans as 0 and 1 or not at all, and unknown keys are normal
// (pve-behaviour 1.6), so every value goes through one of these.
import { UnexpectedAnswer } from './errors.ts';
import { asUpid, type NodeName, type Upid } from './ids.ts';

export type Row = Readonly<Record<string, unknown>>;

/** `what` names the answer in the error of a caller. */
export function asRow(value: unknown, what: string): Row {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Row;
  throw new UnexpectedAnswer(`${what} is no object`, value);
}

export function asRows(value: unknown, what: string): readonly Row[] {
  if (Array.isArray(value)) return value.map((entry: unknown) => asRow(entry, what));
  throw new UnexpectedAnswer(`${what} is no list`, value);
}

/** A text; numbers become text, everything else is undefined. */
export function textOf(row: Row, key: string): string | undefined {
  const value = row[key];
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' ? value : undefined;
}

export function requiredText(row: Row, key: string, what: string): string {
  const text = textOf(row, key);
  if (text === undefined) throw new UnexpectedAnswer(`${what} has no ${key}`, row);
  return text;
}

export function numberOf(row: Row, key: string): number | undefined {
  const value = row[key];
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

/** True for 1, "1" and true; absent is false. */
export function flagOf(row: Row, key: string): boolean {
  const value = row[key];
  return value === true || value === 1 || value === '1';
}

/** A comma-separated list, in no particular order. */
export function listOf(row: Row, key: string): readonly string[] {
  return (textOf(row, key) ?? '').split(',').filter((part) => part !== '');
}

export function requiredNode(row: Row, what: string): NodeName {
  return requiredText(row, 'node', what) as NodeName;
}

/** The task id a call answered with. */
export function requiredUpid(value: unknown, what: string): Upid {
  const upid = typeof value === 'string' ? asUpid(value) : undefined;
  if (upid === undefined) throw new UnexpectedAnswer(`${what} is no task id`, value);
  return upid;
}
