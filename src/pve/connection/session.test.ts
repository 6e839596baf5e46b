import { describe, expect, it } from 'vitest';
import { createClock } from '#runtime/clock';
import { deadlineIn } from '#runtime/deadline';
import { createLogger } from '#runtime/log';
import type { PveAnswer } from './request.ts';
import { createSession } from './session.ts';

// What cannot be brought about over a socket at will: when each of several refusals is heard.

describe('a session', () => {
  it('is not given up for a refusal of the ticket before it, which was on its way for long', async () => {
    let logins = 0;
    const over = async (): Promise<PveAnswer> => {
      logins += 1;
      const body = JSON.stringify({ data: { ticket: `t${logins}`, CSRFPreventionToken: 'c' } });
      return await Promise.resolve({ status: 200, reason: 'OK', date: undefined, body });
    };
    const credentials = { kind: 'password', username: 'me@pve', password: 'p', from: 'test' } as const;
    const session = createSession(credentials, createClock(), createLogger({ write: () => undefined }));
    const call = deadlineIn(20_000);
    const first = await session.show(over, call);
    expect(session.refused(first)).toBe(true);
    const second = await session.show(over, call);
    expect(second.headers('GET')).toEqual({ cookie: 'PVEAuthCookie=t2' });
    expect(session.refused(first)).toBe(true);
    expect(await session.show(over, call)).toBe(second);
    expect(logins).toBe(2);
    call.dispose();
  });
});
