/**
 * Lets everybody who asks while an answer is on its way share that one answer.
 * A failure is shared too; the next caller after it asks again.
 */
export function singleFlight<T>(ask: () => Promise<T>): () => Promise<T> {
  let underway: Promise<T> | undefined;
  return async () => {
    underway ??= ask().finally(() => {
      underway = undefined;
    });
    return await underway;
  };
}
