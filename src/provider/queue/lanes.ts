// PVE fails where it should queue: its locks wait a second or ten and then give up. So we queue on our side.
// A lane lets a number of jobs through at once, the others in the order they came.

export interface Lane {
  readonly key: string;
  /** How many may be in this lane at once. */
  readonly width: number;
}

export interface Lanes {
  /**
   * Runs `job` once there is room in all lanes, which are entered in the given order: callers must agree on one order
   * (VM, template, node), or they wait for each other for ever. Rejects with the signal's reason when aborted in the queue.
   */
  through<T>(lanes: readonly Lane[], signal: AbortSignal, job: () => Promise<T>): Promise<T>;
  /** How many wait or work in a lane. */
  length(key: string): number;
}

interface Queue {
  running: number;
  readonly waiting: (() => void)[];
}

export function createLanes(): Lanes {
  const queues = new Map<string, Queue>();

  async function enter(lane: Lane, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const queue = queues.get(lane.key) ?? { running: 0, waiting: [] };
    queues.set(lane.key, queue);
    if (queue.running < lane.width) {
      queue.running++;
      return;
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

  async function through<T>(lanes: readonly Lane[], signal: AbortSignal, job: () => Promise<T>): Promise<T> {
    const [lane, ...rest] = lanes;
    if (lane === undefined) return await job();
    await enter(lane, signal);
    try {
      return await through(rest, signal, job);
    } finally {
      leave(lane);
    }
  }

  return {
    through,
    length: (key) => (queues.get(key)?.running ?? 0) + (queues.get(key)?.waiting.length ?? 0),
  };
}
