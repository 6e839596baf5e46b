// V8 doubles the room for new objects whenever many of them survive for a moment, as pieces of lists and events do, up to 128 MiB,
// although the 16 MiB it has when a program has been loaded are enough. A limit can be given on the command line alone
// (--max-semi-space-size); that it does not grow from now on, here too.
import { setFlagsFromString } from 'node:v8';

/** For a program that has been loaded and has no work yet. */
export function keepYoungHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}
