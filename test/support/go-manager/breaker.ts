// The breaker of VirtRigaud's manager: one for a whole Provider, whatever connection it has.
import { status } from '@grpc/grpc-js';
import type { Clock } from '#runtime/clock';

const THRESHOLD = 10;
const OPEN_MS = 60_000;
const HALF_OPEN_CALLS = 3;

/** What counts as a failure of the infrastructure. */
const COUNTED: ReadonlySet<status> = new Set([
  status.UNAVAILABLE,
  status.DEADLINE_EXCEEDED,
  status.INTERNAL,
  status.UNKNOWN,
]);

export interface Breaker {
  /** Whether a call may be made now; one that may has to be told the end of. */
  admits(): boolean;
  ended(code: status): void;
  /** How often it has opened. */
  readonly openings: number;
}

type State =
  | { readonly kind: 'closed'; failures: number }
  | { readonly kind: 'open'; readonly until: number }
  | { readonly kind: 'half-open'; admitted: number; succeeded: number };

export function createBreaker(clock: Clock): Breaker {
  let state: State = { kind: 'closed', failures: 0 };
  let openings = 0;

  function open(): void {
    state = { kind: 'open', until: clock.now() + OPEN_MS };
    openings += 1;
  }

  function failed(): void {
    if (state.kind === 'closed') state.failures += 1;
    if (state.kind === 'half-open' || (state.kind === 'closed' && state.failures >= THRESHOLD)) open();
  }

  function succeeded(): void {
    if (state.kind === 'closed') state.failures = 0;
    if (state.kind !== 'half-open') return;
    state.succeeded += 1;
    if (state.succeeded >= HALF_OPEN_CALLS) state = { kind: 'closed', failures: 0 };
  }

  return {
    admits: () => {
      if (state.kind === 'open' && clock.now() >= state.until) state = { kind: 'half-open', admitted: 0, succeeded: 0 };
      if (state.kind === 'open') return false;
      if (state.kind === 'closed') return true;
      state.admitted += 1;
      return state.admitted <= HALF_OPEN_CALLS;
    },
    // A refusal says neither that the provider works nor that it does not, and gives its place back.
    ended: (code) => {
      if (code === status.OK) succeeded();
      else if (COUNTED.has(code)) failed();
      else if (state.kind === 'half-open') state.admitted -= 1;
    },
    get openings() {
      return openings;
    },
  };
}
