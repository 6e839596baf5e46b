/** Asks until the answer is one to go on with. The test's own time limit ends it. */
export async function until<T>(ask: () => Promise<T>, isEnough: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (isEnough(answer)) return answer;
    // A pause for whoever is to make it so: all of them share this process.
    await new Promise((resolve) => setTimeout(resolve, 3));
  }
}
