// How VirtRigaud's manager calls a provider: one connection, the deadlines it gives each call, its breaker in front.
import { status } from '@grpc/grpc-js';
import { type CallOptions, createProviderClient, type ProviderClient } from '#rpc/client';
import { codeName } from '#rpc/status';
import type { Clock } from '#runtime/clock';
import type { Breaker } from './breaker.ts';
import { type ManagerRecord, recordCall } from './record.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;

export type Rpc = Exclude<keyof ProviderClient, 'close'>;

const DEADLINES_MS = {
  validate: 30 * SECOND_MS,
  create: 5 * MINUTE_MS,
  delete: 2 * MINUTE_MS,
  power: 2 * MINUTE_MS,
  reconfigure: 5 * MINUTE_MS,
  describe: 30 * SECOND_MS,
  taskStatus: 10 * SECOND_MS,
  listVMs: 2 * MINUTE_MS,
  getCapabilities: 30 * SECOND_MS,
  snapshotCreate: 5 * MINUTE_MS,
  snapshotDelete: 2 * MINUTE_MS,
  clone: 5 * MINUTE_MS,
  imagePrepare: 5 * MINUTE_MS,
} as const satisfies Partial<Record<Rpc, number>>;

/**
 * What does not get faster with the time factor: the second a provider keeps for its answer to get out, and a busy
 * machine's own time.
 */
const REAL_TIME_MS = 2_500;

/** What a call was answered instead of its response. */
export class StatusError extends Error {
  override readonly name = 'StatusError';
  readonly code: status;

  constructor(code: status, message: string) {
    super(message);
    this.code = code;
  }
}

export interface Connection {
  /** Throws StatusError. `about` is the name of the object it is for. */
  call<T>(
    rpc: keyof typeof DEADLINES_MS,
    about: string,
    send: (client: ProviderClient, options: CallOptions) => Promise<T>,
  ): Promise<T>;
  /** Every call that is under way ends as Canceled, as Go's do. */
  close(): void;
}

export interface ConnectionOptions {
  /** `host:port`. */
  readonly address: string;
  readonly clock: Clock;
  readonly breaker: Breaker;
  readonly record: ManagerRecord;
}

export function dial({ address, clock, breaker, record }: ConnectionOptions): Connection {
  const client = createProviderClient({ address, waitForReady: true });
  const closed = new AbortController();

  return {
    call: async (rpc, about, send) => {
      const deadlineMs = DEADLINES_MS[rpc] / clock.factor + REAL_TIME_MS;
      const end = (code: status, message = ''): void => {
        recordCall(record, rpc, code);
        if (code !== status.OK) record.failures.push({ rpc, about, code: codeName(code), message });
      };
      if (!breaker.admits()) {
        end(status.UNAVAILABLE, 'circuit breaker open');
        throw new StatusError(status.UNAVAILABLE, 'circuit breaker open');
      }
      try {
        const answer = await send(client, { deadlineMs, signal: closed.signal });
        breaker.ended(status.OK);
        end(status.OK);
        return answer;
      } catch (error) {
        const failure = statusError(error);
        breaker.ended(failure.code);
        end(failure.code, failure.message);
        throw failure;
      }
    },
    close: () => {
      closed.abort();
      client.close();
    },
  };
}

/** The client of ours tells kinds of faults; what came over the wire is their cause. */
function statusError(error: unknown): StatusError {
  const { cause } = error as { cause?: { code?: status; details?: string } };
  if (cause?.code === undefined) throw error;
  return new StatusError(cause.code, cause.details ?? '');
}
