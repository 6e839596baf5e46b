// PVE's facts turned into faults: the one place that knows what PVE's words mean for whoever asked.
import { ClaimTooLongError } from '#claim/record';
import { Fault, type FaultKind, type FaultText } from '#domain/fault';
import {
  isNodeDown,
  isNodeLost,
  isUnknownOutcome,
  OtherCluster,
  PveError,
  PveNoAnswer,
  pveWords,
  UnexpectedAnswer,
  WayBarred,
} from '#pve/errors';
import type { PveTextKind } from '#pve/rules/texts';
import { saidBy } from '#pve/said';
import { TaskFailed, TaskStillRunning, TaskUnknown } from '#pve/tasks';
import { DeadlineError } from '#runtime/deadline';

/** What was being done when PVE objected. */
export interface Doing {
  /** `VM web-server (100123 on pve2)`. */
  readonly subject: string;
  /** `create`, `power on`. */
  readonly wanted: string;
}

interface Meaning {
  readonly kind: FaultKind;
  readonly remedy: string;
}

const TRY_AGAIN = 'The next try goes on from here';

/** What each of PVE's texts means; texts that are not here mean what their status says. */
const MEANINGS: Readonly<Partial<Record<PveTextKind, Meaning>>> = {
  'vm-missing': {
    kind: 'busy',
    remedy: 'It may be moving to another node or have been deleted; the next try looks again',
  },
  'vmid-taken': { kind: 'busy', remedy: TRY_AGAIN },
  locked: {
    kind: 'busy',
    remedy: 'Wait for the running operation; a lock left by a crash is removed with "qm unlock"',
  },
  'lock-timeout': { kind: 'busy', remedy: TRY_AGAIN },
  'no-quorum': { kind: 'busy', remedy: 'Bring the cluster back to quorum' },
  'digest-mismatch': { kind: 'busy', remedy: TRY_AGAIN },
  'no-worker': { kind: 'busy', remedy: TRY_AGAIN },
  interrupted: { kind: 'busy', remedy: 'Its task was stopped in PVE; the next try goes on from what is there' },
  'pool-missing': { kind: 'invalid-spec', remedy: 'Create the pool or name another' },
  forbidden: { kind: 'forbidden', remedy: 'Grant the privilege to the user and to the API token' },
  'root-only': { kind: 'forbidden', remedy: 'PVE allows this to a login of root@pam only' },
  protected: { kind: 'precondition', remedy: 'Switch the protection of the VM off in PVE' },
  'ha-managed': { kind: 'precondition', remedy: 'Remove the VM from HA' },
  paused: { kind: 'precondition', remedy: 'Resume it (power On) or power it off' },
  running: { kind: 'busy', remedy: TRY_AGAIN },
  stopped: { kind: 'busy', remedy: TRY_AGAIN },
  'storage-missing': { kind: 'invalid-spec', remedy: 'Name a storage that exists on the node' },
  'storage-disabled': { kind: 'precondition', remedy: 'Enable the storage or name another' },
  'storage-elsewhere': { kind: 'invalid-spec', remedy: 'Name a storage that the node has' },
  'storage-wrong-content': { kind: 'invalid-spec', remedy: 'Name a storage with that content' },
  'volume-missing': { kind: 'precondition', remedy: 'Restore the volume or detach it' },
  'node-missing': { kind: 'invalid-spec', remedy: 'Name a node of the cluster' },
  'local-storage': { kind: 'precondition', remedy: 'Use shared storage, or a template on that node' },
  'linked-clone-unsupported': { kind: 'precondition', remedy: 'Ask for a full clone' },
  'bad-ssh-key': { kind: 'invalid-spec', remedy: 'Correct ssh_authorized_keys in user_data, public-keys in meta_data' },
  'full-clone-unsupported': { kind: 'precondition', remedy: 'Name no snapshot: its storage can copy the present only' },
  'tpm-in-use': { kind: 'precondition', remedy: 'Power the VM off, or name a snapshot of it' },
  'base-in-use': { kind: 'precondition', remedy: 'Delete the linked clones first' },
  'is-template': { kind: 'precondition', remedy: 'Make a VM from the template' },
  'snapshot-exists': { kind: 'busy', remedy: TRY_AGAIN },
  'snapshot-missing': { kind: 'not-found', remedy: 'Name one of its snapshots' },
  'snapshot-incomplete': { kind: 'precondition', remedy: 'Delete the snapshot, and name another' },
  'snapshot-unsupported': { kind: 'precondition', remedy: 'Move its disks to storages that have snapshots' },
  'not-newest': { kind: 'precondition', remedy: 'Delete the newer snapshots first' },
  'state-unsavable': { kind: 'precondition', remedy: 'Ask for the snapshot without memory' },
  'disk-shrink': { kind: 'invalid-spec', remedy: 'Ask for the present size or more' },
  'bridge-missing': { kind: 'precondition', remedy: 'Create the bridge on the node, or name another' },
  'too-many-cpus': { kind: 'precondition', remedy: 'Ask for fewer CPUs than the node has' },
  'checksum-mismatch': { kind: 'invalid-spec', remedy: 'Correct the checksum, or what is to be fetched' },
  'download-failed': {
    kind: 'precondition',
    remedy: 'Check that the file is there, and that the node can reach it and trusts its certificate',
  },
  'file-exists': { kind: 'busy', remedy: TRY_AGAIN },
  'image-invalid': { kind: 'invalid-spec', remedy: 'Correct the format, or the image' },
  'no-space': { kind: 'exhausted', remedy: 'Free space on the storage, or name another' },
  'no-free-vmid': { kind: 'exhausted', remedy: 'Widen the range of VMIDs' },
};

/** The fault that `error` means for whoever wanted `doing`. Faults stay as they are. */
export function toFault(error: unknown, doing: Doing): Fault {
  if (error instanceof Fault) return error;
  const fault = (kind: FaultKind, text: Omit<FaultText, keyof Doing>): Fault =>
    new Fault(kind, { ...doing, ...text }, { cause: error });

  if (error instanceof DeadlineError) return fault('busy', { why: 'the time of the call is over', remedy: TRY_AGAIN });
  if (error instanceof ClaimTooLongError) {
    return fault('precondition', { why: error.message, remedy: 'Shorten the description of the VM, or its name' });
  }
  if (error instanceof TaskStillRunning)
    return fault('busy', { why: 'its PVE task is still running', remedy: TRY_AGAIN });
  if (error instanceof TaskUnknown) return fault('busy', { why: 'PVE no longer knows its task', remedy: TRY_AGAIN });
  if (error instanceof TaskFailed) return faultOfWords(fault, error, error.exitStatus, undefined);
  if (error instanceof PveNoAnswer) return faultOfSilence(fault, error);
  if (error instanceof OtherCluster) return faultOfOtherCluster(fault, error);
  if (error instanceof PveError) return faultOfAnswer(fault, error);
  // What stands between us and PVE, or a version we do not know: no mistake of the caller's, and none he could mend.
  if (error instanceof UnexpectedAnswer)
    return fault('busy', { why: error.message, remedy: 'Check what answers as PVE' });
  return fault('internal', { why: 'an unexpected error, see the log of the provider' });
}

function nodeIn(path: string): string | undefined {
  return /^\/nodes\/([^/]+)/.exec(path)?.[1];
}

type MakeFault = (kind: FaultKind, text: Omit<FaultText, keyof Doing>) => Fault;

function faultOfSilence(fault: MakeFault, error: PveNoAnswer): Fault {
  if (error.cause instanceof WayBarred) {
    const { message, hint } = error.cause;
    return fault('busy', { why: message, remedy: `${hint.charAt(0).toUpperCase()}${hint.slice(1)}` });
  }
  if (error.code === 'deadline') return fault('busy', { why: 'the time of the call is over', remedy: TRY_AGAIN });
  const node = nodeIn(error.path);
  // One node that is slow is not a PVE that cannot be reached.
  if (error.code === 'timeout' && error.outcome === 'unknown' && node !== undefined) {
    return fault('busy', { why: `node ${node} did not answer in time`, remedy: TRY_AGAIN });
  }
  const why = `no answer from PVE at ${error.endpoint} (${error.code})`;
  // Not `unavailable`: ten of those at once, and the manager gives up VMs that it was to delete (ADR 9).
  return fault('busy', { why, remedy: 'Check that PVE runs and can be reached' });
}

/**
 * As if our cluster did not answer, which it does not: not `unavailable`, since the manager would give up VMs that it was
 * to delete (ADR 9), and no precondition of the VM, since nothing of the request has to change.
 */
function faultOfOtherCluster(fault: MakeFault, error: OtherCluster): Fault {
  const remedy = 'Lead PVE_ENDPOINT back to our cluster; restart the provider if the other one is meant';
  return fault('busy', { why: error.message, remedy });
}

function faultOfAnswer(fault: MakeFault, error: PveError): Fault {
  const node = nodeIn(error.path) ?? 'behind the endpoint';
  if (error.status === 401) {
    const why = `PVE refuses our credentials ("${pveWords(error)}")`;
    return fault('unauthenticated', { why, remedy: 'Renew the credentials of the provider' });
  }
  const isDown: boolean = isNodeDown(error);
  if (isDown) {
    return fault('precondition', { why: `node ${node} is down ("${error.reason}")`, remedy: 'Bring the node back' });
  }
  const isLost: boolean = isNodeLost(error);
  if (isLost) return fault('busy', { why: `node ${node} did not answer in time`, remedy: TRY_AGAIN });
  return faultOfWords(fault, error, pveWords(error), error.status);
}

function faultOfWords(fault: MakeFault, error: unknown, words: string, status: number | undefined): Fault {
  const text = saidBy(error);
  const meaning = text === undefined ? undefined : MEANINGS[text.kind];
  const why = `PVE says "${words}"`;
  if (meaning !== undefined) return fault(meaning.kind, { why, remedy: meaning.remedy });
  if (status === 400) return fault('invalid-spec', { why, remedy: 'Correct the request' });
  if (status === 403)
    return fault('forbidden', { why, remedy: 'Grant the privilege to the user and to the API token' });
  if (status === 501) return fault('unsupported', { why });
  return fault('precondition', { why, remedy: 'See the task log in PVE' });
}

/** Whether it says no more than that the caller's time is over. */
export function isTimeOver(error: unknown): boolean {
  if (error instanceof Fault) return isTimeOver(error.cause);
  return error instanceof DeadlineError || (error instanceof PveNoAnswer && error.code === 'deadline');
}

const FOR_GOOD: ReadonlySet<FaultKind> = new Set([
  'invalid-spec',
  'already-exists',
  'forbidden',
  'precondition',
  'exhausted',
  'unsupported',
]);

/** Whether the same request will end the same way until somebody changes something: the request, PVE, or a right. */
export function isForGood(fault: Fault): boolean {
  return FOR_GOOD.has(fault.kind) && !isNodeDown(fault.cause);
}

/**
 * Whether another look at PVE, and then perhaps another try, can help: a lock came too late, the answer was lost, or
 * PVE has forgotten the task. `also` names texts that mean the same where the caller stands.
 */
export function mayPass(error: unknown, ...also: readonly PveTextKind[]): boolean {
  const kind = saidBy(error)?.kind;
  const isLock = kind === 'lock-timeout' || kind === 'locked';
  return (
    isLock || isUnknownOutcome(error) || error instanceof TaskUnknown || (kind !== undefined && also.includes(kind))
  );
}
