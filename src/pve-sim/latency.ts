// How long the daemons of a small healthy cluster take to answer, before what a call itself waits for: medians in ms of the
// world's time. The orders of magnitude are the recordings' (whose figures end on the 40 ms of a delayed ACK) and, for
// storages, a published histogram (mean 189 ms for a status, most below 250).
import type { Random } from './random.ts';

interface Row {
  readonly what: string;
  readonly method?: string;
  /** Over an endpoint's path with its placeholders. */
  readonly path: RegExp;
  readonly medianMs: number;
}

/** The first row that fits counts. */
export const LATENCIES: readonly Row[] = [
  { what: 'a login', method: 'POST', path: /^\/access\/ticket$/, medianMs: 60 },
  {
    what: 'a list or status of storages',
    method: 'GET',
    path: /^\/nodes\/\{node\}\/storage(\/\{storage\}\/status)?$/,
    medianMs: 60,
  },
  { what: 'the content of a storage', method: 'GET', path: /\/content/, medianMs: 40 },
  { what: 'the live state of a guest', method: 'GET', path: /\/status\/current$/, medianMs: 25 },
  { what: 'the guests of a node', method: 'GET', path: /^\/nodes\/\{node\}\/qemu$/, medianMs: 25 },
  { what: 'a call to the guest agent', path: /\/agent/, medianMs: 30 },
  { what: 'the config of a guest', method: 'GET', path: /\/qemu\/\{vmid\}/, medianMs: 10 },
  { what: 'another read', method: 'GET', path: /^/, medianMs: 8 },
  { what: 'a call that starts a task', method: 'POST', path: /^\/nodes\//, medianMs: 40 },
  { what: 'another write', path: /^/, medianMs: 20 },
];

/** Of the logarithm: two of three answers are within 0.7 and 1.5 times the median, one of twenty is above twice of it. */
const SPREAD = 0.4;

/** ms of the world's time that one call takes. */
export type Latency = (method: string, path: string) => number;

export function createLatency(random: Random): Latency {
  return (method, path) => {
    const row = LATENCIES.find((candidate) => (candidate.method ?? method) === method && candidate.path.test(path));
    return (row?.medianMs ?? 0) * Math.exp(SPREAD * normal(random));
  };
}

/** For worlds that are there to be fast. */
export const noLatency: Latency = () => 0;

/** A standard normal deviate (Box-Muller). */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}
