// History is kept for a while, for lists that go on and watches that come back, and then forgotten: whoever asks for it gets 410.
import type { Clock } from '#runtime/clock';
import type { Logger } from '#runtime/log';
import type { RevisionLog } from './revision-log.ts';

const MINUTE_MS = 60_000;
/** etcd's history under a real API server is as old at most. */
const KEEP_MS = 5 * MINUTE_MS;
/** However young: a storm of writes does not fill the disk. */
const KEEP_REVISIONS = 100_000;

/** Compacts once a minute; the result ends that. Where it fails, the next minute does it. */
export function keepCompacting(log: RevisionLog, clock: Clock, logger: Logger): () => void {
  let cancel = (): void => {};
  const compact = (): void => {
    try {
      log.compact(Math.max(log.writtenBy(clock.now() - KEEP_MS), log.revision - KEEP_REVISIONS));
    } catch (error) {
      logger.error('history could not be compacted', { error });
    }
    cancel = clock.after(MINUTE_MS, compact);
  };
  cancel = clock.after(MINUTE_MS, compact);
  return () => cancel();
}
