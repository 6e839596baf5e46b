// V8 doubles the room for new objects whenever many of them have survived for a moment, up to 128 MiB on a large machine, although
// the 16 MiB it has when a program has been loaded are enough. The limit itself (--max-semi-space-size) is read when V8 starts; the
// factor is read each time it would grow. Where a V8 does not know it any more, the program takes more memory, and that is all.
import { setFlagsFromString } from 'node:v8';

/** For a program that has been loaded and has no work yet. */
export function keepYoungHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}
