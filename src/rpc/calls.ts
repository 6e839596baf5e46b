import type { Metadata, ServerUnaryCall } from '@grpc/grpc-js';
import { Fault } from '#domain/fault';
import type { Owner } from '#domain/owner';
import type { Clock } from '#runtime/clock';
import { callDeadline } from './call-deadline.ts';
import { peerName, peerNames } from './peer.ts';
import type { CallContext } from './service.ts';

// The calls that run right now: each gets its context here, and all can be told to stop.

type AnyCall = ServerUnaryCall<unknown, unknown>;

export class Calls {
  readonly #clock: Clock;
  readonly #running = new Set<AbortController>();
  #ended = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Runs `work` as one call: its deadline is freed and the call forgotten when it ends. */
  async run<T>(method: string, call: AnyCall, work: (context: CallContext) => Promise<T>): Promise<T> {
    const stop = new AbortController();
    const callerMs = Number(call.getDeadline()) - this.#clock.realNow();
    const deadline = callDeadline(method, callerMs, stop.signal);
    const onCancelled = (): void => stop.abort(gaveUp(method));
    call.once('cancelled', onCancelled);
    if (call.cancelled) onCancelled();
    this.#running.add(stop);
    try {
      return await work({
        method,
        deadline,
        owner: ownerOf(call.metadata),
        objectUid: textOf(call.metadata, 'virtrigaud-object-uid'),
        askedSecondsAgo: secondsOf(call.metadata, 'virtrigaud-asked-seconds-ago'),
        // Reading a certificate costs more than all else here, and few ask.
        get peer() {
          return peerOf(call);
        },
      });
    } finally {
      this.#running.delete(stop);
      this.#ended += 1;
      call.off('cancelled', onCancelled);
      deadline.dispose();
    }
  }

  /** Waits until no call has run for `quietMs`. */
  async quiet(quietMs: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      const ended = this.#ended;
      await this.#clock.sleep(quietMs, signal);
      if (this.#running.size === 0 && this.#ended === ended) return;
    }
  }

  /** Ends the time of every running call with `reason`. */
  stopAll(reason: Fault): void {
    for (const stop of this.#running) stop.abort(reason);
  }
}

function gaveUp(method: string): Fault {
  return new Fault('cancelled', { subject: method, why: 'the caller gave up or its deadline passed' });
}

function ownerOf(metadata: Metadata): Partial<Owner> {
  const [namespace, name, uid] = ['namespace', 'name', 'uid'].map((part) =>
    textOf(metadata, `virtrigaud-owner-${part}`),
  );
  return {
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    ...(uid === undefined ? {} : { uid }),
  };
}

function textOf(metadata: Metadata, key: string): string | undefined {
  const [value] = metadata.get(key);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Undefined where it is none: what a caller writes there is no reason to refuse the call. */
function secondsOf(metadata: Metadata, key: string): number | undefined {
  const text = textOf(metadata, key);
  return text !== undefined && /^\d{1,9}(\.\d{1,3})?$/.test(text) ? Number(text) : undefined;
}

function peerOf(call: AnyCall): string | undefined {
  const certificate = call.getAuthContext().sslPeerCertificate;
  return (certificate === undefined ? undefined : peerName(peerNames(certificate))) ?? call.getPeer();
}
