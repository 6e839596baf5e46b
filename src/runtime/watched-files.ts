// Files whose contents change while a program runs: mounted secrets, certificates. Contents are compared, not times or
// events: a mounted secret changes by a swap of symbolic links.
import { readFileSync } from 'node:fs';
import type { Clock } from './clock.ts';

/** Each path with what is written there; undefined where there is no file, or none that can be read. */
export type FileTexts = ReadonlyMap<string, string | undefined>;

export interface WatchedFiles {
  /** Looks at once instead of within the next 10 s, and tells before it returns. @returns whether there was something to tell */
  look(): boolean;
  stop(): void;
}

/** Ms of the clock. */
const LOOK_EVERY_MS = 10_000;
/** Readings of several files have to agree this often in a row, so that none is half from before a swap. */
const MOST_READINGS = 5;

/**
 * Tells of each change once, with all texts as they are now; what is there at the beginning is not told.
 * A file may be told half written: whoever finds no sense in it keeps what he has and hears of the rest.
 * The timer keeps no process alive.
 * @param onChange throws nothing
 */
export function watchFiles(paths: readonly string[], clock: Clock, onChange: (texts: FileTexts) => void): WatchedFiles {
  let known = readTexts(paths);
  let cancel = (): void => undefined;

  const look = (): boolean => {
    const texts = readSettled(paths);
    if (texts === undefined || areEqual(texts, known)) return false;
    known = texts;
    onChange(texts);
    return true;
  };
  const again = (): void => {
    cancel = clock.after(LOOK_EVERY_MS, () => {
      look();
      again();
    });
  };
  again();
  return { look, stop: () => cancel() };
}

/** Undefined where the files change faster than they are read: the next look is soon enough. */
function readSettled(paths: readonly string[]): FileTexts | undefined {
  let last = readTexts(paths);
  for (let reading = 1; reading < MOST_READINGS; reading++) {
    const next = readTexts(paths);
    if (areEqual(next, last)) return next;
    last = next;
  }
  return undefined;
}

function readTexts(paths: readonly string[]): FileTexts {
  return new Map(paths.map((path) => [path, readText(path)]));
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function areEqual(one: FileTexts, other: FileTexts): boolean {
  return [...one].every(([path, text]) => other.get(path) === text);
}
