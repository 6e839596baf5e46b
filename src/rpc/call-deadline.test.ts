import { expect, it } from 'vitest';
import { callBudgetMs } from './call-deadline.ts';

const FOREVER = Number.POSITIVE_INFINITY;

it.each([
  ['Create', FOREVER, 300_000],
  ['Clone', FOREVER, 300_000],
  ['ImagePrepare', FOREVER, 300_000],
  ['Reconfigure', FOREVER, 300_000],
  ['SnapshotCreate', FOREVER, 300_000],
  ['Delete', FOREVER, 120_000],
  ['Describe', FOREVER, 120_000],
  ['Create', 300_000, 290_000],
  ['Delete', 120_000, 114_000],
  ['Describe', 30_000, 28_500],
  ['TaskStatus', 10_000, 9_000],
  ['TaskStatus', 600, 0],
  ['TaskStatus', -5, 0],
])('%s with %d ms left may take %d ms', (method, callerMs, budgetMs) => {
  expect(callBudgetMs(method, callerMs)).toBe(budgetMs);
});
