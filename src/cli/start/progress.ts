// How a command shows its steps: on a terminal a line that moves while something is under way, elsewhere plain lines.
import { styleText } from 'node:util';
import type { Clock } from '#runtime/clock';

export interface Terminal {
  readonly isLive: boolean;
  /** Width of a live terminal. */
  readonly columns: number;
  write(text: string): void;
}

export interface Progress {
  /** Runs `work` as a step: it is announced, and its end and duration are told. */
  step<T>(title: string, work: () => Promise<T>): Promise<T>;
  /** What the moving line says from now on. */
  retitle(text: string): void;
  /** A line of its own about what happens inside a step. */
  detail(text: string): void;
  say(text: string): void;
  /** Nothing is written any more. */
  mute(): void;
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'] as const;
const FRAME_MS = 100;
const CLEAR_LINE = '\r\u001B[2K';

export function createProgress(terminal: Terminal, clock: Clock): Progress {
  /** What the moving line says now; undefined while nothing moves. */
  let moving: { title: string; startedAt: number; frame: number } | undefined;
  const paint = (format: Parameters<typeof styleText>[0], text: string): string =>
    terminal.isLive ? styleText(format, text) : text;
  const seconds = (startedAt: number): string => `${((clock.realNow() - startedAt) / 1000).toFixed(1)} s`;

  let isMute = false;
  const write = (text: string): void => {
    if (!isMute) terminal.write(text);
  };

  function draw(): void {
    if (!terminal.isLive || moving === undefined) return;
    const frame = FRAMES[moving.frame % FRAMES.length] ?? '';
    const time = seconds(moving.startedAt);
    // A line that wraps could not be taken back.
    const title = moving.title.slice(0, Math.max(0, terminal.columns - time.length - 4));
    write(`${CLEAR_LINE}${paint('cyan', frame)} ${title} ${paint('dim', time)}`);
  }

  function say(text: string): void {
    write(`${terminal.isLive ? CLEAR_LINE : ''}${text}\n`);
    draw();
  }

  async function step<T>(title: string, work: () => Promise<T>): Promise<T> {
    const startedAt = clock.realNow();
    if (terminal.isLive) moving = { title, startedAt, frame: 0 };
    else say(`... ${title}`);
    const stop = terminal.isLive ? animate() : () => undefined;
    try {
      const result = await work();
      end(paint('green', 'ok '), title, startedAt);
      return result;
    } catch (error) {
      end(paint('red', 'ERR'), title, startedAt);
      throw error;
    } finally {
      stop();
    }
  }

  function end(mark: string, title: string, startedAt: number): void {
    moving = undefined;
    say(`${mark} ${title} ${paint('dim', `(${seconds(startedAt)})`)}`);
  }

  function animate(): () => void {
    let cancel = (): void => undefined;
    const next = (): void => {
      if (moving !== undefined) moving.frame++;
      draw();
      cancel = clock.after(FRAME_MS, next);
    };
    next();
    return () => cancel();
  }

  function retitle(text: string): void {
    if (moving !== undefined) moving.title = text;
  }

  function mute(): void {
    if (moving !== undefined) write(CLEAR_LINE);
    moving = undefined;
    isMute = true;
  }

  return { step, say, retitle, detail: (text) => say(paint('dim', `      ${text}`)), mute };
}
