// What a Lease says about who leads, and what is written into it.
import type { KubeObject } from './object.ts';

export interface LeaseSpec {
  /** Empty: nobody. */
  readonly holderIdentity: string;
  readonly leaseDurationSeconds: number;
  /** RFC 3339 with microseconds */
  readonly acquireTime?: string;
  readonly renewTime?: string;
  /** How often it has changed hands. */
  readonly leaseTransitions: number;
}

export function leaseSpecOf(lease: KubeObject): LeaseSpec {
  const spec = (lease['spec'] ?? {}) as Partial<LeaseSpec>;
  return { holderIdentity: '', leaseDurationSeconds: 0, leaseTransitions: 0, ...withoutNulls(spec) };
}

function withoutNulls(spec: Partial<LeaseSpec>): Partial<LeaseSpec> {
  return Object.fromEntries(Object.entries(spec).filter(([, value]) => value !== null));
}

/** A Lease as it was seen last, and when it was another one before. The holder's own clock may be wrong. */
export interface Sighting {
  readonly spec: LeaseSpec;
  /** Ms of our clock */
  readonly since: number;
}

export function seen(before: Sighting | undefined, spec: LeaseSpec, now: number): Sighting {
  return before !== undefined && JSON.stringify(before.spec) === JSON.stringify(spec) ? before : { spec, since: now };
}

/** Somebody else holds it, and has renewed it within the time they promised to. */
export function isHeldByOther({ spec, since }: Sighting, identity: string, now: number): boolean {
  const { holderIdentity, leaseDurationSeconds } = spec;
  return holderIdentity !== '' && holderIdentity !== identity && now < since + leaseDurationSeconds * 1000;
}

/** How it is to be once `identity` holds it, or goes on to. */
export function heldBy(identity: string, before: LeaseSpec | undefined, leaseMs: number, now: number): LeaseSpec {
  const isSame = before?.holderIdentity === identity;
  return {
    holderIdentity: identity,
    leaseDurationSeconds: Math.max(1, Math.ceil(leaseMs / 1000)),
    acquireTime: (isSame ? before.acquireTime : undefined) ?? microTime(now),
    renewTime: microTime(now),
    leaseTransitions: before === undefined ? 0 : before.leaseTransitions + (isSame ? 0 : 1),
  };
}

/** Free for the next one at once. */
export function givenUp({ leaseTransitions }: LeaseSpec, now: number): LeaseSpec {
  const time = microTime(now);
  return { holderIdentity: '', leaseDurationSeconds: 1, acquireTime: time, renewTime: time, leaseTransitions };
}

function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}
