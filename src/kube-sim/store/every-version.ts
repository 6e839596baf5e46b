import type { KeyRange, RevisionLog } from './revision-log.ts';
import type { Version } from './version.ts';

const CHUNK = 100;

/** What is there, chunk by chunk: who reads may write meanwhile. */
export function* everyVersion(log: RevisionLog, resource: string, range: KeyRange): Generator<Version> {
  let { from } = range;
  for (;;) {
    const { versions, isCut } = log.list(resource, { from, to: range.to }, CHUNK);
    yield* versions;
    if (!isCut) return;
    from = `${versions.at(-1)?.key ?? ''}\u0000`;
  }
}
