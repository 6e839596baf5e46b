/** What a phase of a visit came to. */
export type Outcome =
  /** The next phase follows; the object is visited again after `againMs` at the latest. */
  | { readonly kind: 'done'; readonly againMs?: number | undefined }
  /** It takes time: the visit ends, and the next one begins after `afterMs`, or sooner where something changes. */
  | { readonly kind: 'wait'; readonly afterMs: number; readonly why: Why }
  /** Somebody has to change something. It is looked at when a watched object changes, and now and then by itself. */
  | { readonly kind: 'stuck'; readonly why: Why };

/** For a condition and an Event: a CamelCase reason, and a sentence for a person. */
export interface Why {
  readonly reason: string;
  readonly message: string;
}

export const DONE: Outcome = { kind: 'done' };

export function again(seconds: number): Outcome {
  return { kind: 'done', againMs: seconds * 1000 };
}

export function wait(seconds: number, reason: string, message: string): Outcome {
  return { kind: 'wait', afterMs: seconds * 1000, why: { reason, message } };
}

export function stuck(reason: string, message: string): Outcome {
  return { kind: 'stuck', why: { reason, message } };
}
