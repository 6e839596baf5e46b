import type { z } from 'zod';

/** A kind of ours: the one source of its CRD, its docs and the types its readers use. */
export interface Kind {
  readonly kind: string;
  readonly plural: string;
  readonly shortNames: readonly string[];
  /** A sentence or two for `kubectl explain`. */
  readonly about: string;
  readonly spec: z.ZodType;
  readonly status: z.ZodType;
  /** What `kubectl get` prints between NAME and AGE. */
  readonly columns: readonly Column[];
}

export type Column = {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'boolean' | 'date';
  readonly jsonPath: string;
  /** 1: with `-o wide` only. */
  readonly priority?: number;
};
