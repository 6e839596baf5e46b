// Changes to a user that no call of the API makes: passwords without a login, and second factors.
import { z } from 'zod';
import type { SecondFactor, User, World } from '../world/world.ts';

const factor = z.discriminatedUnion('type', [
  /** The secret in Base32. */
  z.strictObject({ type: z.literal('totp'), secret: z.string().regex(/^[A-Z2-7]+=*$/i), id: z.string().optional() }),
  z.strictObject({ type: z.literal('recovery'), codes: z.array(z.string()).min(1) }),
]);

export const userPatch = z.strictObject({
  password: z.string().optional(),
  enabled: z.boolean().optional(),
  /** Seconds since the epoch; 0: never. */
  expire: z.number().int().nonnegative().optional(),
  /** All of them; none where empty. */
  secondFactors: z.array(factor).optional(),
});

/** @param now seconds since the epoch */
export function patchUser(world: World, id: string, patch: z.infer<typeof userPatch>, now: number): void {
  const user: User | undefined = world.access.users[id];
  if (user === undefined) throw new Error(`there is no user '${id}'`);
  user.enabled = patch.enabled ?? user.enabled;
  if (patch.password !== undefined) user.password = patch.password;
  if (patch.expire !== undefined) user.expire = patch.expire;
  if (patch.secondFactors !== undefined) user.secondFactors = patch.secondFactors.map((each) => newFactor(each, now));
}

function newFactor(given: z.infer<typeof factor>, created: number): SecondFactor {
  const head = { description: '', created, enabled: true };
  if (given.type === 'totp') return { ...head, type: 'totp', id: given.id ?? 'totp', secret: given.secret };
  return { ...head, type: 'recovery', id: 'recovery', codes: given.codes };
}
