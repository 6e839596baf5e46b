import { parseDuration } from '#domain/duration';
import { invalidSpec } from '#domain/fault';

/** Milliseconds of a field that schema and API server have looked at; undefined where nothing is said. */
export function milliseconds(said: string | undefined, path: string): number | undefined {
  if (said === undefined) return undefined;
  const duration = parseDuration(said);
  if (duration !== undefined) return duration;
  throw invalidSpec(path, `"${said}" is not a duration`, 'Write it like "30s" or "5m"');
}
