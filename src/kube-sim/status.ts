// The errors of the API. What is thrown anywhere in this room is a StatusError, and its Status is the answer.

/** One thing wrong with one field: `field` as Kubernetes writes paths (`spec.disks[0].name`). */
export interface Cause {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly Cause[];
  readonly retryAfterSeconds?: number;
}

export class StatusError extends Error {
  override readonly name = 'StatusError';
  /** HTTP's. */
  readonly code: number;
  /** Kubernetes' word (`NotFound`, `Conflict`, `Invalid`, ...), empty where a real server gives none. */
  readonly reason: string;
  readonly details: StatusDetails;

  constructor(code: number, reason: string, message: string, details: StatusDetails = {}) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.details = details;
  }
}
