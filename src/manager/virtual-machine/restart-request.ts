// A restart that somebody asks for by an annotation, and which of its values were acted on.
import type { Visit } from '../work/controller.ts';
import { statusOf } from './status.ts';

export const RESTART = 'virtrigaud.io/restart-requested-at';

/** The value of the annotation; undefined where there is none, or nothing is left to do for it. */
export function restartAsked(visit: Visit): string | undefined {
  const asked = visit.object.metadata.annotations?.[RESTART];
  return asked === statusOf(visit).restart?.handled ? undefined : asked;
}

/**
 * Since when the restart is asked for, in real ms; undefined at the first look, which only writes that down: whoever comes
 * after a crash asks for the same restart once more, and not for another.
 */
export function restartBegun(visit: Visit): number | undefined {
  const asked = restartAsked(visit);
  const status = statusOf(visit);
  const { begun, begunAt } = status.restart ?? {};
  if (begun === asked) return Date.parse(begunAt ?? '');
  status.restart = { ...status.restart, begun: asked, begunAt: new Date(visit.world.clock.realNow()).toISOString() };
  return undefined;
}

/** @param message what came of it */
export function restartHandled(visit: Visit, message?: string): void {
  const asked = restartAsked(visit);
  if (asked === undefined) return;
  statusOf(visit).restart = message === undefined ? { handled: asked } : { handled: asked, message };
}
