import { expect, it } from 'vitest';
import { createClock } from './clock.ts';
import { createLogger } from './log.ts';
import { createShutdown, type Shutdown } from './shutdown.ts';

function start(limitMs = 60_000): { shutdown: Shutdown; codes: number[]; exited: Promise<number>; lines: string[] } {
  const codes: number[] = [];
  const lines: string[] = [];
  const log = createLogger({ write: (line) => void lines.push(line) });
  const { promise: exited, resolve } = Promise.withResolvers<number>();
  const exit = (code: number): void => {
    codes.push(code);
    resolve(code);
  };
  return { shutdown: createShutdown({ clock: createClock(), log, limitMs, exit }), codes, exited, lines };
}

it('runs the steps once, the last one first, and exits with 0', async () => {
  const { shutdown, codes } = start();
  const done: string[] = [];
  shutdown.add('store', () => void done.push('store'));
  shutdown.add('server', async () => {
    await Promise.resolve();
    done.push('server');
  });
  expect(shutdown.signal.aborted).toBe(false);
  await Promise.all([shutdown.begin('test'), shutdown.begin('again')]);
  expect(shutdown.signal.aborted).toBe(true);
  expect({ done, codes }).toEqual({ done: ['server', 'store'], codes: [0] });
});

it('goes on after a step that failed, and exits with 1', async () => {
  const { shutdown, codes, lines } = start();
  const done: string[] = [];
  shutdown.add('store', () => void done.push('store'));
  shutdown.add('server', () => {
    throw new Error('stuck');
  });
  await shutdown.begin('test');
  expect({ done, codes }).toEqual({ done: ['store'], codes: [1] });
  expect(lines.join('')).toMatch(/ERROR shutdown step failed step=server error=stuck/);
});

it('exits with 1 at the limit, whatever still runs', async () => {
  const { shutdown, exited } = start(1);
  shutdown.add('hangs', async () => await new Promise<void>(() => undefined));
  void shutdown.begin('test');
  expect(await exited).toBe(1);
});

it('begins on the first signal and exits at once on the second', async () => {
  const { shutdown, exited, codes } = start();
  shutdown.add('hangs', async () => await new Promise<void>(() => undefined));
  const stop = shutdown.listen();
  process.emit('SIGTERM');
  expect(shutdown.signal.aborted).toBe(true);
  expect(codes).toEqual([]);
  process.emit('SIGINT');
  expect(await exited).toBe(1);
  stop();
});
