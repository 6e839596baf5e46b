import { expect, test } from 'vitest';
import { eventSeries, type Occurrence } from './event-series.ts';

const object = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Thing',
  metadata: { name, namespace: 'a', uid: name, resourceVersion: '1', creationTimestamp: '' },
});
const MINUTE = 60_000;

/** What comes of occurrences, each told as soon as it happens: message and count. */
function teller() {
  const series = eventSeries();
  return (message: string, atMs = 0, more: Partial<Occurrence> = {}): string | undefined => {
    const occurrence: Occurrence = { object: object('web'), type: 'Normal', reason: 'R', message, at: atMs, ...more };
    const entry = series.enter(occurrence);
    if (entry === undefined) return undefined;
    const count = (entry.before?.count ?? 0) + 1;
    entry.keep({ name: 'n', count });
    return `${entry.message} x${count}`;
  };
}

test('the same one is counted; another object, type, reason or message is another one', () => {
  const tell = teller();
  expect([tell('a'), tell('a'), tell('b'), tell('a')]).toEqual(['a x1', 'a x2', 'b x1', 'a x3']);
  expect(tell('a', 0, { object: object('db') })).toBe('a x1');
  expect(tell('a', 0, { type: 'Warning' })).toBe('a x1');
  expect(tell('a', 0, { reason: 'S' })).toBe('a x1');
});

test('after ten different messages of one reason the rest are one, until ten minutes are quiet', () => {
  const tell = teller();
  for (let index = 0; index < 10; index++) expect(tell(`m${index}`)).toBe(`m${index} x1`);
  expect(tell('m10', 9 * MINUTE)).toBe('(combined from similar events): m10 x1');
  expect(tell('m11', 18 * MINUTE)).toBe('(combined from similar events): m11 x2');
  expect(tell('m3', 18 * MINUTE)).toBe('m3 x2');
  expect(tell('m12', 29 * MINUTE)).toBe('m12 x1');
});

test('an object says 25 things at once, and one more every five minutes', () => {
  const tell = teller();
  for (let index = 1; index <= 25; index++) expect(tell('a')).toBe(`a x${index}`);
  expect([tell('a'), tell('b'), tell('a', 4 * MINUTE)]).toEqual([undefined, undefined, undefined]);
  expect([tell('a', 5.1 * MINUTE), tell('a', 6 * MINUTE)]).toEqual(['a x26', undefined]);
  expect(tell('a', 0, { object: object('db') })).toBe('a x1');
});
