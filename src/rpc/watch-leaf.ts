import type { Clock } from '#runtime/clock';
import type { Logger } from '#runtime/log';
import { type Leaf, readLeaf } from './tls-files.ts';

const RELOAD_EVERY_MS = 10_000;

export interface WatchedLeaf {
  current(): Leaf;
  onChange(use: (leaf: Leaf) => void): void;
  reload(): void;
  stop(): void;
}

/**
 * Looks at the content, not at times or events: mounted secrets change by a swap of symbolic links. A pair read in the
 * middle of a swap does not fit together and is read again the next time.
 */
export function watchLeaf(directory: string, first: Leaf, clock: Clock, log: Logger): WatchedLeaf {
  const users: ((leaf: Leaf) => void)[] = [];
  let current = first;
  let refused = '';
  const reload = (): void => {
    try {
      const leaf = readLeaf(directory);
      refused = '';
      if (leaf.certificate.equals(current.certificate) && leaf.key.equals(current.key)) return;
      current = leaf;
      for (const use of users) use(leaf);
      log.info('TLS certificate reloaded', { directory });
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unreadable';
      if (reason !== refused)
        log.error('TLS certificate not reloaded, the old one stays', { directory, error: reason });
      refused = reason;
    }
  };
  let cancel = (): void => undefined;
  const again = (): void => {
    cancel = clock.after(RELOAD_EVERY_MS, () => {
      reload();
      again();
    });
  };
  again();
  return { current: () => current, onChange: (use) => void users.push(use), reload, stop: () => cancel() };
}
