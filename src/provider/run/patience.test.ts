import { expect, it } from 'vitest';
import { Fault } from '#domain/fault';
import { createClock } from '#runtime/clock';
import { DeadlineError, deadlineIn } from '#runtime/deadline';
import { patience } from './patience.ts';

const clock = createClock({ factor: 200 });
const fault = (why: string, cause?: unknown): Fault =>
  new Fault('busy', { subject: 'VM 100', wanted: 'clone', why }, { cause });
const locked = fault('it is locked (backup)');
const late = fault('the time of the call is over', new DeadlineError('over'));

it('goes on after what was late for itself alone, as long as the call has time', async () => {
  const call = deadlineIn(60_000);
  const retry = patience(clock, call);
  await retry.pause(late);
  await retry.pause(locked);
  await retry.pause(late);
  call.dispose();
});

it('blames what it has waited for when the call is over', async () => {
  const ending = new AbortController();
  const call = deadlineIn(60_000, ending.signal);
  const retry = patience(clock, call);
  await retry.pause(locked);
  await retry.pause(late);
  ending.abort(new DeadlineError('over'));
  await expect(retry.pause(late)).rejects.toBe(locked);
  await expect(retry.pause(fault('another'))).rejects.toThrow('another');
  call.dispose();
});
