// Logged in with a password (pve-behaviour 4.1, 4.2): a ticket for two hours, and a token against forged writes with it.
import type { Clock } from '#runtime/clock';
import { type Deadline, deadlineIn, within } from '#runtime/deadline';
import type { Logger } from '#runtime/log';
import type { Password } from './credentials.ts';
import { FOREIGN_STATUSES } from './envelope.ts';
import { ExchangeFailed } from './exchange.ts';
import { encodeParams } from './params.ts';
import type { Method, PveAnswer, PveRequest, Send } from './request.ts';
import type { Identity, Shown } from './signer.ts';

/** PVE does not let us in. `answer` is what a request gets that wanted to. */
export class LoginRefused extends Error {
  override readonly name = 'LoginRefused';
  readonly answer: PveAnswer;

  constructor(answer: PveAnswer) {
    super(answer.reason);
    this.answer = answer;
  }
}

/** Whoever answered had neither a ticket for us nor a refusal. */
class NoLogin extends Error {
  override readonly name = 'NoLogin';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

interface Ticket extends Shown {
  /** Ms of the clock. */
  readonly since: number;
}

/** Ms of the clock: half the life of a ticket. */
const RENEW_AFTER_MS = 3_600_000;
/** Ms of the clock. A renewal that has failed is not tried again before: the old ticket is still good. */
const RENEW_AGAIN_MS = 60_000;
/** Real ms. PVE refuses after 3 s, and asks a directory server that may be slow. */
const LOGIN_LIMIT_MS = 10_000;

/** Parameters that PVE does not take (a name too long), too, can be put right in the credentials alone. */
const REFUSALS: ReadonlySet<number> = new Set([400, 401, 403]);

export function createSession(credentials: Password, clock: Clock, log: Logger): Identity {
  let ticket: Ticket | undefined;
  let running: Promise<Ticket> | undefined;
  let renewNotBefore = 0;

  /** One login for all who wait for it. */
  async function logIn(over: Send<PveAnswer>, call: Deadline): Promise<Ticket> {
    call.check();
    running ??= requestTicket(credentials, over, clock)
      .then((given) => (ticket = given))
      .finally(() => (running = undefined));
    return await within(call, running);
  }

  async function renew(old: Ticket, over: Send<PveAnswer>, call: Deadline): Promise<Ticket> {
    renewNotBefore = clock.now() + RENEW_AGAIN_MS;
    try {
      return await logIn(over, call);
    } catch (error) {
      log.warn('The PVE ticket is not renewed yet', { user: credentials.username, error });
      return old;
    }
  }

  return {
    show: async (over, call) => {
      if (ticket === undefined) return await logIn(over, call);
      const now = clock.now();
      const isOld = now - ticket.since >= RENEW_AFTER_MS && now >= renewNotBefore;
      return isOld ? await renew(ticket, over, call) : ticket;
    },
    refused: (shown) => {
      // Somebody else may have got a new one since.
      if (ticket === shown) ticket = undefined;
      return true;
    },
  };
}

async function requestTicket(credentials: Password, over: Send<PveAnswer>, clock: Clock): Promise<Ticket> {
  const call = deadlineIn(LOGIN_LIMIT_MS);
  try {
    const answer = await over(loginRequest(credentials, call));
    if (REFUSALS.has(answer.status)) throw new LoginRefused({ ...answer, status: 401 });
    return readTicket(credentials, answer, clock);
  } catch (error) {
    throw unsent(error);
  } finally {
    call.dispose();
  }
}

function loginRequest({ username, password }: Password, call: Deadline): PveRequest {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const body = encodeParams({ username: username.toWellFormed(), password: password.toWellFormed() });
  return { method: 'POST', path: '/access/ticket', query: '', headers, body, call };
}

/** Whatever becomes of a login, the request that needs it has not been sent. */
function unsent(error: unknown): unknown {
  if (error instanceof NoLogin) return new ExchangeFailed(false, error);
  return error instanceof ExchangeFailed && error.sent ? new ExchangeFailed(false, error.cause) : error;
}

function readTicket({ username }: Password, answer: PveAnswer, clock: Clock): Ticket {
  if (answer.status !== 200) {
    const code = FOREIGN_STATUSES[answer.status] ?? `login-${answer.status}`;
    throw new NoLogin(code, `the login was answered ${answer.status} "${answer.reason}"`);
  }
  const data = parseData(answer.body);
  const { ticket, CSRFPreventionToken: csrf } = data;
  if (Number(data['NeedTFA'] ?? 0) !== 0) throw new LoginRefused(secondFactor(username));
  if (typeof ticket !== 'string' || typeof csrf !== 'string') {
    throw new NoLogin('not-pve', 'the answer to the login holds no ticket');
  }
  const cookie = `PVEAuthCookie=${encodeURIComponent(ticket)}`;
  const headers = (method: Method): Record<string, string> =>
    method === 'GET' ? { cookie } : { cookie, csrfpreventiontoken: csrf };
  return { headers, since: clock.now() };
}

function parseData(body: string): Readonly<Record<string, unknown>> {
  try {
    const { data } = JSON.parse(body) as { data?: unknown };
    return typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** As PVE would say it if it knew who is asking. */
function secondFactor(username: string): PveAnswer {
  const reason = `${username} has a second factor, which nobody is here to show: use an API token`;
  return { status: 401, reason, date: undefined, body: '' };
}
