// A watch on the wire: a line per event, for as long as the client has asked. Nothing is queued for a slow reader but what it was
// sent last; one that has taken nothing for a while is cut and can come back with the last revision it has seen.
import type { ServerResponse } from 'node:http';
import type { Clock } from '#runtime/clock';
import type { JsonObject } from '../object.ts';
import { StatusError } from '../status.ts';
import type { RevisionLog } from '../store/revision-log.ts';
import { errorEvent, type Told, type Watch } from '../verbs/watch.ts';
import { NO_CACHE } from './answer.ts';

export interface WatchStream {
  readonly response: ServerResponse;
  readonly watch: () => Watch;
  readonly log: RevisionLog;
  readonly clock: Clock;
  /** 0: as long as a real server likes. */
  readonly timeoutSeconds: number;
  readonly bookmarks: boolean;
  /** Undefined: the object as it is. */
  readonly shape: Shape;
  /** The server ends. */
  readonly signal: AbortSignal;
}

const BOOKMARK_MS = 60_000;
const STUCK_MS = 30_000;
const LONGEST_S = 1800;

export function streamWatch(stream: WatchStream): void {
  const { response, clock, log } = stream;
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': NO_CACHE });
  response.flushHeaders();
  const end = (): void => {
    for (const stop of stops.splice(0)) stop();
    response.end();
  };
  const stops: (() => void)[] = [];
  const pump = pumping(stream, end);
  stops.push(
    log.onWrites(() => pump()),
    clock.after(1000 * (stream.timeoutSeconds || LONGEST_S), end),
    everyMinute(clock, () => stream.bookmarks && pump(true)),
  );
  response.on('drain', () => pump());
  response.on('close', end);
  stream.signal.addEventListener('abort', end, { once: true });
  stops.push(() => stream.signal.removeEventListener('abort', end));
  pump();
}

/** Writes what there is until the reader is full; goes on when it is called again. */
function pumping(
  { response, watch: open, shape, clock }: WatchStream,
  end: () => void,
): (withBookmark?: boolean) => void {
  let watch: Watch | undefined;
  let giveUp: (() => void) | undefined;

  const isFull = (): boolean => {
    if (!response.writableNeedDrain) {
      giveUp?.();
      giveUp = undefined;
      return false;
    }
    giveUp ??= clock.after(STUCK_MS, () => response.destroy());
    return true;
  };
  const writeAll = (withBookmark: boolean): void => {
    watch ??= open();
    while (!isFull()) {
      const told = watch.take();
      if (told.length > 0) {
        response.write(linesOf(told, shape));
        continue;
      }
      if (withBookmark) response.write(lineOf(watch.bookmark(), shape));
      return;
    }
  };
  return (withBookmark = false) => {
    if (response.writableEnded || response.destroyed) return;
    try {
      writeAll(withBookmark);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      response.write(lineOf(errorEvent(error), undefined));
      end();
    }
  };
}

/** In one piece: each costs a record of TLS. */
function linesOf(told: readonly Told[], shape: Shape): Buffer {
  const lines = told.map((one) => lineOf(one, shape));
  const [only] = lines;
  return lines.length === 1 && only !== undefined ? only : Buffer.concat(lines);
}

type Shape = ((told: Told) => JsonObject) | undefined;

function lineOf(told: Told, shape: Shape): Buffer {
  const { type, text, line } = told;
  if (shape === undefined && line !== undefined) return line();
  const object = shape === undefined ? (text ?? JSON.stringify(told.object())) : JSON.stringify(shape(told));
  return Buffer.from(`{"type":"${type}","object":${object}}\n`);
}

function everyMinute(clock: Clock, action: () => void): () => void {
  let cancel = (): void => {};
  const again = (): void => {
    action();
    cancel = clock.after(BOOKMARK_MS, again);
  };
  cancel = clock.after(BOOKMARK_MS, again);
  return () => cancel();
}
