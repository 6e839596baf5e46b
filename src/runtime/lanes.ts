// Queues by key: a lane lets a number of jobs through at once, the others in the order they came.

export interface Lane {
  readonly key: string;
  /** How many may be in this lane at once. */
  readonly width: number;
}

export interface Lanes {
  /**
   * Runs `job` once there is room in all lanes, which are entered in the given order: callers must
   * agree on one order, or they wait for each other for ever. Rejects with the signal's reason when aborted in the queue.
   * `job` is told whether it had to wait.
   */
  through<T>(lanes: readonly Lane[], signal: AbortSignal, job: (hasWaited: boolean) => Promise<T>): Promise<T>;
}

interface Queue {
  running: number;
  readonly waiting: (() => void)[];
}

export function createLanes(): Lanes {
  const queues = new Map<string, Queue>();

  /** @returns whether there was no room at once. */
  async function enter(lane: Lane, signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted();
    const queue = queues.get(lane.key) ?? { running: 0, waiting: [] };
    queues.set(lane.key, queue);
    if (queue.running < lane.width) {
      queue.running++;
      return false;
    }
    await new Promise<void>((resolve, reject) => {
      const giveUp = (): void => {
        queue.waiting.splice(queue.waiting.indexOf(go), 1);
        reject(signal.reason as Error);
      };
      const go = (): void => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      signal.addEventListener('abort', giveUp, { once: true });
      queue.waiting.push(go);
    });
    return true;
  }

  /** Hands the place on to the next in the queue; the number of running jobs stays as it is then. */
  function leave(lane: Lane): void {
    const queue = queues.get(lane.key);
    if (queue === undefined) return;
    const next = queue.waiting.shift();
    if (next !== undefined) return next();
    queue.running--;
    if (queue.running === 0) queues.delete(lane.key);
  }

  async function through<T>(
    lanes: readonly Lane[],
    signal: AbortSignal,
    job: (hasWaited: boolean) => Promise<T>,
  ): Promise<T> {
    const [lane, ...rest] = lanes;
    if (lane === undefined) return await job(false);
    const waitedHere = await enter(lane, signal);
    try {
      return await through(rest, signal, async (waitedBehind) => await job(waitedHere || waitedBehind));
    } finally {
      leave(lane);
    }
  }

  return { through };
}
