// How long things take and wait, ms of the world's time. Waits and limits are PVE's own (pve-behaviour 20);
// work is a plausible small cluster's. A world may override any of them.

export interface Durations {
  /** Between a create's stub and its task being listed (pve-behaviour 28.4). */
  readonly forkMs: number;
  readonly cloneSetupMs: number;
  /** One volume allocated, under the storage's lock. A storage may have its own figure. */
  readonly allocateVolumeMs: number;
  /** The same of a cloud-init drive, which is small; absent: as of any other. */
  readonly allocateCloudInitMs?: number;
  readonly freeVolumeMs: number;
  readonly linkedCloneMs: number;
  readonly templateMs: number;
  readonly resizeMs: number;
  /** A copy with a limit writes at once what its rate allows in so long, and then waits until it may write more. */
  readonly copyBurstMs: number;
  /** One volume's snapshot taken, removed or gone back to. */
  readonly snapshotMs: number;
  /** A guest's RAM written to a volume, or read from it. */
  readonly saveStateMs: number;
  /** Between a new config's last write and the task's end, or the join of a pool (pve-behaviour 28.4). */
  readonly cloneFinishMs: number;
  readonly createFinishMs: number;
  /** The write of a file of the cluster such as user.cfg, under its lock. */
  readonly userConfigWriteMs: number;
  readonly startMs: number;
  /** For each of its NICs, which has to be plugged into its bridge. */
  readonly startNicMs: number;
  readonly guestBootMs: number;
  readonly guestShutdownMs: number;
  readonly slowGuestShutdownMs: number;
  readonly stopMs: number;
  /** How long a reboot's guest is seen stopped before the event daemon starts it again. */
  readonly rebootGapMs: number;
  /** What it takes to hand a request to the HA manager. */
  readonly haRequestMs: number;
  readonly hotplugMs: number;
  readonly networkReloadMs: number;
  /** How long a console waits for its connection, and its opener for a port that nobody opens. */
  readonly consoleWaitMs: number;
  readonly consolePortMs: number;
  /** How often it is looked whether a guest has given a device or a CPU back, and a DIMM. */
  readonly unplugLookMs: number;
  readonly dimmReleaseMs: number;

  readonly configLockWaitMs: number;
  readonly createLockWaitMs: number;
  readonly cloneLockWaitMs: number;
  /** On the guest whose disk is imported. */
  readonly importLockWaitMs: number;
  /** For a local storage; a shared one has a lock of the cluster. */
  readonly storageLockWaitMs: number;
  /** Locks of the cluster are asked for this often, and for so long. */
  readonly clusterLockPollMs: number;
  readonly clusterLockWaitMs: number;

  /** How often the status daemon of a node broadcasts (pve-behaviour 7). */
  readonly statusTickMs: number;
  /** When its first round after the start of the world comes; absent: at a moment that the seed decides. */
  readonly statusPhaseMs?: number;
  /** How long an API worker keeps the broadcast it has read. */
  readonly viewCacheMs: number;
  readonly statusExpiryMs: number;
  /** How long a new guest may be missing from a worker's list (pve-behaviour 26); absent: it is never missing. */
  readonly listLagMs?: number;
  readonly loginDelayMs: number;
  /** How long the agent's ping may take, and its other commands. */
  readonly agentTimeoutMs: number;
  readonly agentCommandTimeoutMs: number;
  /** How long the proxy waits for a daemon that broke on its own answer. */
  readonly brokenPhraseMs: number;
  readonly deadNodeMs: number;
  /** The HA managers (pve-behaviour 19): how often they look, when an unheard-of node is fenced and a node without quorum
   * resets itself, when a lock of the cluster expires, when a manager without work gives its lock back, and a reset. */
  readonly haRoundMs: number;
  readonly haFenceMs: number;
  readonly haLockMs: number;
  readonly haIdleMs: number;
  readonly haResetMs: number;
  /** A migration: the first contact, the move of a running guest's memory beside its size, stopping it on the source, and
   * what comes after the config has moved (recordings two-node/07 and 11). */
  readonly migrateGreetMs: number;
  readonly migrateMemoryMs: number;
  readonly migrateBytesPerSecond: number;
  readonly postMigrateMs: number;
  readonly migrateFinishMs: number;
  readonly migrateUnlockMs: number;
  readonly migrateCleanupMs: number;
  /** Until the others notice that a node is off, that the network is cut, and that a node is back (recordings two-node/08, 10). */
  readonly nodeLossMs: number;
  readonly cutLossMs: number;
  readonly nodeJoinMs: number;
  readonly proxyTimeoutMs: number;
  /** SIGTERM to SIGKILL when a task is stopped. */
  readonly taskKillMs: number;
  /** Without quorum a write of such a file gives up after this. */
  readonly noQuorumWaitMs: number;
}

export const DEFAULT_DURATIONS: Durations = {
  forkMs: 20,
  cloneSetupMs: 200,
  allocateVolumeMs: 300,
  freeVolumeMs: 200,
  linkedCloneMs: 300,
  templateMs: 300,
  resizeMs: 200,
  copyBurstMs: 0,
  snapshotMs: 150,
  saveStateMs: 1000,
  cloneFinishMs: 8,
  createFinishMs: 80,
  userConfigWriteMs: 50,
  startMs: 500,
  startNicMs: 500,
  guestBootMs: 4000,
  guestShutdownMs: 3000,
  slowGuestShutdownMs: 45_000,
  stopMs: 500,
  rebootGapMs: 700,
  haRequestMs: 600,
  networkReloadMs: 500,
  consoleWaitMs: 10_000,
  consolePortMs: 5500,
  hotplugMs: 100,
  unplugLookMs: 1000,
  dimmReleaseMs: 3000,
  configLockWaitMs: 10_000,
  createLockWaitMs: 5000,
  cloneLockWaitMs: 1000,
  importLockWaitMs: 30_000,
  storageLockWaitMs: 10_000,
  clusterLockPollMs: 1000,
  clusterLockWaitMs: 9000,
  statusTickMs: 10_000,
  viewCacheMs: 2000,
  statusExpiryMs: 300_000,
  loginDelayMs: 3000,
  agentTimeoutMs: 3000,
  agentCommandTimeoutMs: 5000,
  brokenPhraseMs: 5000,
  deadNodeMs: 3000,
  haRoundMs: 5000,
  haFenceMs: 60_000,
  haLockMs: 120_000,
  haIdleMs: 150_000,
  haResetMs: 60_000,
  migrateGreetMs: 400,
  migrateMemoryMs: 1000,
  migrateBytesPerSecond: 1024 ** 3,
  postMigrateMs: 900,
  migrateFinishMs: 4000,
  migrateUnlockMs: 500,
  migrateCleanupMs: 300,
  nodeLossMs: 4000,
  cutLossMs: 8000,
  nodeJoinMs: 2000,
  proxyTimeoutMs: 30_000,
  taskKillMs: 5000,
  noQuorumWaitMs: 9000,
};
