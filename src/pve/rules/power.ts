// What PVE's words for the state of a guest come to.

/**
 * - `running`: the guest runs.
 * - `paused`: QEMU holds it still; resume goes on.
 * - `sleeping`: the guest put itself to sleep (ACPI S3); resume wakes it.
 * - `failed`: QEMU is there and the guest stands still after an error (I/O, panic, watchdog).
 * - `transient`: on its way from one state to another; ask again.
 * - `stopped`: off.
 * - `suspended`: off, with its memory on disk; start goes on from there.
 * - `unknown`: PVE does not know, or said a word that is not in its list.
 */
export type PowerReading =
  | 'running'
  | 'paused'
  | 'sleeping'
  | 'failed'
  | 'transient'
  | 'stopped'
  | 'suspended'
  | 'unknown';

export interface PowerFacts {
  /** `running` or `stopped` of status/current; in the cluster's view it is QMP's word, `stopped` or `unknown`. */
  readonly status: string;
  readonly qmpStatus?: string | undefined;
  readonly lock?: string | undefined;
}

/** QEMU's run states (its QAPI schema, `RunState`) and PVE's own three words (pve-behaviour 7, 10). */
const READINGS: Readonly<Record<string, PowerReading>> = {
  running: 'running',
  debug: 'paused',
  paused: 'paused',
  suspended: 'sleeping',
  'io-error': 'failed',
  'internal-error': 'failed',
  'guest-panicked': 'failed',
  watchdog: 'failed',
  prelaunch: 'transient',
  inmigrate: 'transient',
  postmigrate: 'transient',
  'finish-migrate': 'transient',
  'restore-vm': 'transient',
  'save-vm': 'transient',
  colo: 'transient',
  shutdown: 'transient',
  stopped: 'stopped',
  unknown: 'unknown',
};

export function readPower(facts: PowerFacts): PowerReading {
  const reading = READINGS[facts.qmpStatus ?? facts.status] ?? 'unknown';
  if (reading === 'unknown') return 'unknown';
  if (facts.lock === 'suspending') return 'transient';
  // Hibernated: stopped under the lock `suspended`. Running under it: being resumed (pve-behaviour 10, 12).
  if (facts.lock === 'suspended') return reading === 'stopped' ? 'suspended' : 'transient';
  return reading;
}
