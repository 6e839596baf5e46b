/** Asks until the answer is one to go on with. The test's own time limit ends it. */
export async function until<T>(ask: () => Promise<T>, isEnough: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (isEnough(answer)) return answer;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
