// How tickets are signed. PVE has an RSA key that it rotates daily (pve-behaviour 4.2); here a keyed hash of the same length
// stands for the signature, since nobody but the cluster itself ever checks one.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { isQuorate } from '../nodes/membership.ts';
import type { Sim } from '../sim.ts';
import type { SigningKey } from '../world/world.ts';

/** A 2048 bit RSA signature is that long. */
const SIGNATURE_BYTES = 256;
const KEY_LIFETIME_MS = 24 * 3600 * 1000;

export type Signing = Pick<Sim, 'world' | 'clock'>;

/** The key in use; rotated when its day is over, which takes a quorum. */
export function signingKey({ world, clock }: Signing): SigningKey {
  const key = world.access.signingKey;
  const mayWrite = Object.keys(world.nodes).some((node) => isQuorate(world, node));
  const daysOver = mayWrite ? Math.max(0, Math.floor((clock.now() - key.since) / KEY_LIFETIME_MS)) : 0;
  key.generation += daysOver;
  key.since += daysOver * KEY_LIFETIME_MS;
  return key;
}

/** @param back 0 for the key in use, 1 for the one before it */
export function sign({ secret, generation }: SigningKey, text: string, back = 0): string {
  const blocks = Array.from({ length: SIGNATURE_BYTES / 64 }, (_, index) =>
    createHmac('sha512', `${secret}/${generation - back}/${index}`)
      .update(text)
      .digest(),
  );
  return Buffer.concat(blocks).toString('base64');
}

export function isSignedBy(key: SigningKey, text: string, signature: string, back = 0): boolean {
  const expected = Buffer.from(sign(key, text, back));
  const got = Buffer.from(signature);
  return expected.length === got.length && timingSafeEqual(expected, got);
}

/** The key in use becomes that old, as root could make it by touching its file. */
export function ageSigningKey(sim: Signing, hours: number): void {
  signingKey(sim).since = sim.clock.now() - hours * 3600 * 1000;
}
