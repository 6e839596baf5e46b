import { nodeOfPath } from './path.ts';
import type { Link } from './request.ts';

/**
 * At most `perNode` requests in flight for each node, and as many for paths that any node answers by itself: PVE's
 * handlers block one of three daemon workers a node (pve-behaviour 1.5, 25). First come, first served; waiting ends
 * with the call's deadline.
 */
export function limitPerNode(perNode: number): Link<unknown> {
  const gates = new Map<string, Gate>();
  return (next) => async (request) => {
    const key = nodeOfPath(request.path) ?? '';
    const gate = gates.get(key) ?? createGate(perNode);
    gates.set(key, gate);
    await gate.enter(request.call.signal);
    try {
      return await next(request);
    } finally {
      gate.leave();
      if (gate.isIdle()) gates.delete(key);
    }
  };
}

interface Gate {
  enter(signal: AbortSignal): Promise<void>;
  leave(): void;
  isIdle(): boolean;
}

function createGate(places: number): Gate {
  let free = places;
  const waiting: (() => void)[] = [];
  return {
    enter: async (signal) => {
      signal.throwIfAborted();
      if (free > 0) free -= 1;
      else await placeInQueue(waiting, signal);
    },
    leave: () => {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    },
    isIdle: () => free === places,
  };
}

async function placeInQueue(waiting: (() => void)[], signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const admit = (): void => {
      signal.removeEventListener('abort', giveUp);
      resolve();
    };
    const giveUp = (): void => {
      waiting.splice(waiting.indexOf(admit), 1);
      reject(signal.reason as Error);
    };
    waiting.push(admit);
    signal.addEventListener('abort', giveUp, { once: true });
  });
}
