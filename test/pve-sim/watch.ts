import type { Clock } from '#runtime/clock';

/** Reads again and again until `done`; gives each answer that differed from the one before it. */
export async function watch<T>(clock: Clock, read: () => Promise<T>, done: () => boolean): Promise<T[]> {
  const seen: T[] = [];
  let last = '';
  for (;;) {
    const isLast = done();
    const state = await read();
    const text = JSON.stringify(state);
    if (text !== last) seen.push(state);
    last = text;
    if (isLast) return seen;
    await clock.sleep(20);
  }
}

/** Asks until the answer is one to go on with. The test's own time limit ends it. */
export async function eventually<T>(clock: Clock, ask: () => Promise<T>, isEnough: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (isEnough(answer)) return answer;
    await clock.sleep(50);
  }
}
