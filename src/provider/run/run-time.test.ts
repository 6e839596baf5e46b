import { describe, expect, it } from 'vitest';
import { Fault } from '#domain/fault';
import type { Upid, Vmid } from '#pve/ids';
import { DeadlineError, deadlineIn } from '#runtime/deadline';
import { createRunTime, type LongCopy } from './run-time.ts';

const copy: LongCopy = { vmid: 100 as Vmid, incarnation: 'abcdefgh2345', upid: 'UPID:' as Upid };

function calling(isAskedOnce = false) {
  const ending = new AbortController();
  const stopping = new AbortController();
  return { stopping, time: createRunTime(deadlineIn(60_000, ending.signal), stopping.signal, isAskedOnce), ending };
}

const GAVE_UP = new Fault('cancelled', { subject: 'Create', why: 'gone' });
const STOPS = new Fault('busy', { subject: 'provider', why: 'it is stopping' });

describe('the time of a create', () => {
  it('ends with its call while nothing is copied', () => {
    const { time, ending } = calling();
    ending.abort(new DeadlineError('over'));
    expect(() => time.deadline.check()).toThrow(DeadlineError);
    expect(time).toMatchObject({ isHandedOver: false });
  });

  it('goes on without its call while a copy runs, and says which', async () => {
    const { time, ending } = calling();
    time.copying(copy);
    ending.abort(new DeadlineError('over'));
    expect(await time.handedOver).toBe(copy);
    time.deadline.check();
    expect(time.deadline.remainingMs()).toBeGreaterThan(60_000);
    time.deadline.dispose();
  });

  it.each([
    ['a caller that gave up', GAVE_UP],
    ['a process that has to stop', STOPS],
  ])('ends for %s also while a copy runs', (_who, reason) => {
    const { time, ending } = calling();
    time.copying(copy);
    ending.abort(reason);
    expect(() => time.deadline.check()).toThrow(reason.message);
    expect(time.isHandedOver).toBe(false);
  });

  it('goes on, where nobody asks again, also when the process has to stop: its caller gets what to ask for', async () => {
    const { time, ending, stopping } = calling(true);
    time.copying(copy);
    ending.abort(STOPS);
    expect(await time.handedOver).toBe(copy);
    time.deadline.check();
    stopping.abort(STOPS);
    expect(() => time.deadline.check()).toThrow('it is stopping');
    const other = calling(true);
    other.time.copying(copy);
    other.ending.abort(GAVE_UP);
    expect(() => other.time.deadline.check()).toThrow('gone');
  });

  it('ends with the process, also when it has outlived its call', async () => {
    const { time, ending, stopping } = calling();
    time.copying(copy);
    ending.abort(new DeadlineError('over'));
    await time.handedOver;
    stopping.abort(STOPS);
    expect(() => time.deadline.check()).toThrow('it is stopping');
  });

  it('ends with its call when the copy has ended before', () => {
    const { time, ending } = calling();
    time.copying(copy);
    time.copying(undefined);
    ending.abort(new DeadlineError('over'));
    expect(() => time.deadline.check()).toThrow(DeadlineError);
  });
});
