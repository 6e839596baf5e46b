// Other identities for a provider than the token it is given: with the same rights, no more.
import type { Simulator } from '#pve-sim/simulator';
import { subjectOf } from './rights.ts';

/** Settings that name no credentials, so that those of a mounted folder count. */
export const NO_TOKEN = { PVE_TOKEN_ID: '', PVE_TOKEN_SECRET: '' } as const;

/** Lets the user of the provider's token log in. @returns its name */
export function givePassword({ world, ...sim }: Simulator, password: string): string {
  const name = subjectOf({ world, ...sim }, 'user');
  const user = world.access.users[name];
  if (user === undefined) throw new Error(`there is no user ${name}`);
  user.password = password;
  return name;
}

/** Another token of the same user. @returns what a Secret holds of it */
export function addToken(sim: Simulator, name: string): { readonly token_id: string; readonly token_secret: string } {
  const { access } = sim.world;
  const id = `${subjectOf(sim, 'user')}!${name}`;
  const secret = `secret-of-${name}`;
  access.tokens[id] = { secret, privsep: true };
  const rights = access.acl.filter((entry) => entry.subject === sim.token.id);
  access.acl = [...access.acl, ...rights.map((entry) => ({ ...entry, subject: id }))];
  return { token_id: id, token_secret: secret };
}

/** From now on PVE answers every request that shows it with 401. */
export function removeToken(sim: Simulator, id: string): void {
  delete sim.world.access.tokens[id];
}

/** From now on no ticket and no CSRF token that was given is any good, as when the keys of the cluster are made anew. */
export function forgetTickets(sim: Simulator): void {
  const key = sim.world.access.signingKey;
  sim.world.access.signingKey = { ...key, secret: `${key.secret}'` };
}
