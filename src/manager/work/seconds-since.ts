// How long ago something was written down, as the other side of a call counts it.
import type { Clock } from '#runtime/clock';

/** @param moment in real ms. @returns seconds of the clock, not negative */
export function secondsSince(moment: number, clock: Clock): number {
  return Math.max(0, ((clock.realNow() - moment) * clock.factor) / 1000);
}
