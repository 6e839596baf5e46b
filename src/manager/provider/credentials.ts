// Whether there are credentials at all: whole, and where the manifest says. Whether PVE takes them is seen in its health.
import type { ProviderWish } from '#domain/provider-wish';
import type { Phase } from '../work/controller.ts';
import { DONE, type Why } from '../work/outcome.ts';
import { type Entries, type Supplies, suppliesOf } from './supplies.ts';
import { runsElsewhere, wishOf } from './wish.ts';

const CONDITION = 'CredentialsAvailable';

/** Never ends the visit: a provider that runs goes on without, and one that does not is kept from it where it is started. */
export const lookForCredentials: Phase = async (visit) => {
  const { object, world, status } = visit;
  const wish = wishOf(object);
  const trouble = credentialsTrouble(wish, suppliesOf(wish, world.cache));
  if (runsElsewhere(wish) !== undefined) status.removeCondition(CONDITION);
  else if (trouble === undefined) status.setCondition(CONDITION, 'True', 'Found', 'There are credentials for PVE.');
  else {
    if (status.condition(CONDITION)?.status === 'True') visit.tell('Warning', trouble.reason, trouble.message);
    status.setCondition(CONDITION, 'False', trouble.reason, trouble.message);
  }
  return await Promise.resolve(DONE);
};

/** Pairs of names that count together, in the Secret and in the environment. */
const PAIRS = [
  ['token_id', 'token_secret'],
  ['username', 'password'],
] as const;

/** What keeps a provider from being started; undefined: nothing. */
export function credentialsTrouble(wish: ProviderWish, supplies: Supplies): Why | undefined {
  const [missing] = supplies.missing;
  if (missing !== undefined) return { ...missing, message: `${titleOf(wish)}: ${missing.message}` };
  const { credentials: secret } = wish;
  if (secret === undefined) return inEnvironment(wish, supplies.environment);
  const where = `Secret ${secret.namespace}/${secret.name}`;
  if (supplies.credentials === undefined) {
    const message = `${titleOf(wish)}: credentials: there is no ${where}. Create it with token_id and token_secret, or username and password.`;
    return { reason: 'SecretNotFound', message };
  }
  const half = halfOf(supplies.credentials, (name) => name);
  if (half !== undefined) return incomplete(wish, `${where} has ${half.there} and no ${half.missing}`);
  const hasAny = PAIRS.some(([name]) => isSet(supplies.credentials, name));
  if (hasAny || inEnvironment(wish, supplies.environment) === undefined) return undefined;
  return incomplete(wish, `${where} has neither token_id and token_secret nor username and password`);
}

function inEnvironment(wish: ProviderWish, environment: Entries): Why | undefined {
  let isThere = false;
  for (const prefix of ['PROVIDER', 'PVE']) {
    const variable = (name: string): string => `${prefix}_${name.toUpperCase()}`;
    const half = halfOf(environment, variable);
    if (half !== undefined) return incomplete(wish, `runtime.env has ${half.there} and no ${half.missing}`);
    isThere ||= PAIRS.some(([name]) => isSet(environment, variable(name)));
  }
  if (isThere) return undefined;
  const message = `${titleOf(wish)}: credentials: there are none. Name a Secret with token_id and token_secret in spec.credentialSecretRef.`;
  return { reason: 'NoCredentials', message };
}

function halfOf(
  entries: Entries,
  called: (name: string) => string,
): { readonly there: string; readonly missing: string } | undefined {
  for (const pair of PAIRS) {
    const [one, other] = [called(pair[0]), called(pair[1])];
    const [hasOne, hasOther] = [isSet(entries, one), isSet(entries, other)];
    if (hasOne !== hasOther) return hasOne ? { there: one, missing: other } : { there: other, missing: one };
  }
  return undefined;
}

function isSet(entries: Entries | undefined, name: string): boolean {
  return (entries?.[name] ?? '').trim() !== '';
}

function incomplete(wish: ProviderWish, why: string): Why {
  return { reason: 'CredentialsIncomplete', message: `${titleOf(wish)}: credentials: ${why}. Add what is missing.` };
}

function titleOf({ namespace, name }: ProviderWish): string {
  return `Provider ${namespace}/${name}`;
}
