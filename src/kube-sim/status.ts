// The errors of the API. What is thrown anywhere in this room is a StatusError, and its Status is the answer.
import type { JsonObject } from './object.ts';

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

interface Named {
  readonly group: string;
  readonly plural: string;
}

const full = (word: string, group: string): string => (group === '' ? word : `${word}.${group}`);
const named = (name: string, group: string, kind: string): StatusDetails => ({
  ...(name === '' ? {} : { name }),
  ...(group === '' ? {} : { group }),
  ...(kind === '' ? {} : { kind }),
});

export function badRequest(message: string): StatusError {
  return new StatusError(400, 'BadRequest', message);
}

export function notFound({ group, plural }: Named, name: string): StatusError {
  return new StatusError(404, 'NotFound', `${full(plural, group)} "${name}" not found`, named(name, group, plural));
}

export function alreadyExists({ group, plural }: Named, name: string): StatusError {
  const message = `${full(plural, group)} "${name}" already exists`;
  return new StatusError(409, 'AlreadyExists', message, named(name, group, plural));
}

/** @param word the resource, or the kind where a precondition of a delete failed */
export function conflict(word: string, group: string, name: string, why: string): StatusError {
  const message = `Operation cannot be fulfilled on ${full(word, group)} "${name}": ${why}`;
  return new StatusError(409, 'Conflict', message, named(name, group, word));
}

export function forbidden(
  { group, plural }: Named,
  name: string,
  why: string,
  causes: readonly Cause[] = [],
): StatusError {
  const message = `${full(plural, group)} ${JSON.stringify(name)} is forbidden: ${why}`;
  const details = { ...named(name, group, plural), ...(causes.length === 0 ? {} : { causes }) };
  return new StatusError(403, 'Forbidden', message, details);
}

/** @param word the kind: `Machine`, `CreateOptions` */
export function invalidStatus(word: string, group: string, name: string, causes: readonly Cause[]): StatusError {
  const texts = [...new Set(causes.map(({ field, message }) => `${field}: ${message}`))];
  const all = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  const message = `${full(word, group)} "${name}" is invalid: ${all}`;
  return new StatusError(422, 'Invalid', message, { ...named(name, group, word), causes });
}

/** What a real server says where a part of it failed with a plain error: no reason, 500. */
export function internalError(message: string): StatusError {
  return new StatusError(500, '', message);
}

/** The answer's body, members in the order of Kubernetes. */
export function statusOf({ code, reason, message, details }: StatusError, metadata: JsonObject = {}): JsonObject {
  const hasDetails = Object.keys(details).length > 0 || reason === 'Invalid';
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata,
    status: 'Failure',
    message,
    ...(reason === '' ? {} : { reason }),
    ...(hasDetails ? { details: orderedDetails(details) } : {}),
    code,
  };
}

function orderedDetails({ name, group, kind, uid, causes, retryAfterSeconds }: StatusDetails): JsonObject {
  const told = (causes ?? []).map(({ reason, message, field }) => ({
    ...(reason === '' ? {} : { reason }),
    message,
    ...(field === '' ? {} : { field }),
  }));
  const all = { name, group, kind, uid, causes: causes === undefined ? undefined : told, retryAfterSeconds };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
