import type { Clock } from '#runtime/clock';
import type { Progress } from './progress.ts';
import { watchPveCalls } from './pve-calls.ts';

const FOLLOW_MS = 100;

/** Tells the calls of PVE as they happen. A step of the progress it gives has all of its calls told before it ends. */
export async function followCalls(
  controlUrl: string,
  progress: Progress,
  clock: Clock,
): Promise<{ progress: Progress; stop(): Promise<void> }> {
  const calls = watchPveCalls(controlUrl);
  await calls.next();
  const stopping = new AbortController();
  const tellNext = async (): Promise<void> => {
    if (stopping.signal.aborted) return;
    try {
      for (const line of await calls.next()) progress.detail(line);
    } catch (error) {
      progress.detail(
        `the calls of PVE cannot be told any more: ${error instanceof Error ? error.message : String(error)}`,
      );
      stopping.abort();
    }
  };
  let telling = Promise.resolve();
  const tell = async (): Promise<void> => {
    telling = telling.then(tellNext);
    await telling;
  };
  const following = (async () => {
    while (!stopping.signal.aborted) {
      await tell();
      await clock.sleep(FOLLOW_MS, stopping.signal).catch(() => undefined);
    }
  })();
  return {
    progress: {
      ...progress,
      step: async (title, work) =>
        await progress.step(title, async () => {
          try {
            return await work();
          } finally {
            await tell();
          }
        }),
    },
    stop: async () => {
      stopping.abort();
      await following;
    },
  };
}
