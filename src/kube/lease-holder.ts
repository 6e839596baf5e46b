// One look at the Lease at a time: takes it where it is free or ours, and leaves it alone where somebody else holds it.
import { isReason, type KubeApi } from './api.ts';
import type { LeadOptions } from './leader.ts';
import { givenUp, heldBy, isHeldByOther, leaseSpecOf, type Sighting, seen } from './lease.ts';
import { type KubeObject, keyText } from './object.ts';
import { apiVersionOf, LEASES } from './resource.ts';

export interface LeaseHolder {
  /** `ours` from when this began, `others`, or `unknown` where the server did not say. Never rejects. */
  hold(): Promise<'ours' | 'others' | 'unknown'>;
  /** Never rejects. */
  giveUp(): Promise<void>;
}

export interface LeaseHolderOptions extends LeadOptions {
  readonly leaseMs: number;
  /** One request without an answer must not use up the time for all: each look has so long. */
  readonly lookMs: number;
}

export function leaseHolder(api: KubeApi, options: LeaseHolderOptions): LeaseHolder {
  const { namespace, name, identity, clock, log, leaseMs, lookMs } = options;
  const key = { namespace, name };
  const lease = keyText(key);
  let sighting: Sighting | undefined;
  /** As we have written it last. */
  let ours: KubeObject | undefined;
  let holder = identity;

  /** Counts for the Lease as we know it alone: of two who take it at once, one is told that it has changed. */
  async function take(known: KubeObject): Promise<KubeObject> {
    const spec = heldBy(identity, leaseSpecOf(known), leaseMs, clock.now());
    return await api.patch(LEASES, key, { metadata: { resourceVersion: known.metadata.resourceVersion }, spec });
  }

  async function create(): Promise<KubeObject> {
    const spec = heldBy(identity, undefined, leaseMs, clock.now());
    return await api.create(LEASES, { apiVersion: apiVersionOf(LEASES), kind: LEASES.kind, metadata: key, spec });
  }

  async function lookAndTake(): Promise<KubeObject | undefined> {
    const found = await api.get(LEASES, key);
    if (found === undefined) return await create();
    sighting = seen(sighting, leaseSpecOf(found), clock.now());
    if (!isHeldByOther(sighting, identity, clock.now())) return await take(found);
    if (holder !== sighting.spec.holderIdentity) log.info('somebody else leads', { lease, ...holderOf(sighting) });
    holder = sighting.spec.holderIdentity;
    return undefined;
  }

  async function renewOrTake(): Promise<KubeObject | undefined> {
    if (ours === undefined) return await lookAndTake();
    try {
      return await take(ours);
    } catch (error) {
      if (isReason(error, 'Conflict', 'NotFound')) return await lookAndTake();
      throw error;
    }
  }

  /** What becomes of a look that took too long shows at the next one. */
  async function soon<T>(look: Promise<T>): Promise<T> {
    const over = new AbortController();
    const tooLong = clock.sleep(lookMs, over.signal).then((): never => {
      throw new Error(`no answer for ${lookMs / 1000} s`);
    });
    for (const one of [look, tooLong]) one.catch(() => {});
    try {
      return await Promise.race([look, tooLong]);
    } finally {
      over.abort();
    }
  }

  return {
    hold: async () => {
      try {
        ours = await soon(renewOrTake());
        return ours === undefined ? 'others' : 'ours';
      } catch (error) {
        ours = undefined;
        // Of two who wanted it the other one was faster.
        if (!isReason(error, 'Conflict', 'AlreadyExists')) log.warn('the Lease is not to be had', { lease, error });
        return 'unknown';
      }
    },
    giveUp: async () => {
      if (ours === undefined) return;
      const { resourceVersion } = ours.metadata;
      const spec = givenUp(leaseSpecOf(ours), clock.now());
      await soon(api.patch(LEASES, key, { metadata: { resourceVersion }, spec })).catch((error: unknown) => {
        log.warn('the Lease was not given up', { lease, error });
      });
    },
  };
}

function holderOf({ spec: { holderIdentity } }: Sighting) {
  return { holder: holderIdentity };
}
