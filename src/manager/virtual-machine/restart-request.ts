// A restart that somebody asks for by an annotation, and which of its values were acted on.
import type { Visit } from '../work/controller.ts';
import { statusOf } from './status.ts';

export const RESTART = 'virtrigaud.io/restart-requested-at';

/** The value of the annotation; undefined where there is none, or nothing is left to do for it. */
export function restartAsked(visit: Visit): string | undefined {
  const asked = visit.object.metadata.annotations?.[RESTART];
  return asked === statusOf(visit).restart?.handled ? undefined : asked;
}

/** @param message what came of it */
export function restartHandled(visit: Visit, message?: string): void {
  const asked = restartAsked(visit);
  if (asked === undefined) return;
  statusOf(visit).restart = message === undefined ? { handled: asked } : { handled: asked, message };
}
