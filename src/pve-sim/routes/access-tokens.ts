// API tokens (pve-behaviour 4.3, 27; recording one-node/02).
import { or, self, userGroup } from '../access/rules.ts';
import { perProfile, type Profile } from '../profiles/profile.ts';
import { failure, parameterError } from '../pve-error.ts';
import { tokenid, userid } from '../schema/access-params.ts';
import { configIdFormat } from '../schema/formats.ts';
import { flag, integer, listText, optional, type Schema, text } from '../schema/property.ts';
import { splitList } from '../world/lists.ts';
import type { Token } from '../world/world.ts';
import { changeAccess, dropFromAcl, requireUser } from './access-change.ts';
import { type Call, type Endpoint, intParam, isOn, needText, textParam } from './endpoint.ts';

const allow = or(self, userGroup(['User.Modify']));
const key: Schema = { tokenid, userid };
const settings: Schema = {
  ...key,
  comment: optional(text()),
  expire: optional(integer({ minimum: 0 })),
  privsep: flag(),
};
const changes = perProfile(
  (profile: Profile): Schema => ({
    ...settings,
    ...(profile.has('tokenRegenerate') ? { delete: listText(configIdFormat), regenerate: flag() } : {}),
  }),
);

export const ACCESS_TOKENS: readonly Endpoint[] = [
  { method: 'GET', path: '/access/users/{userid}/token', params: { userid }, allow, handle: listTokens },
  {
    method: 'GET',
    path: '/access/users/{userid}/token/{tokenid}',
    params: key,
    allow,
    handle: (call) => tokenRow(requireToken(call)),
  },
  { method: 'POST', path: '/access/users/{userid}/token/{tokenid}', params: settings, allow, handle: addToken },
  { method: 'PUT', path: '/access/users/{userid}/token/{tokenid}', params: changes, allow, handle: updateToken },
  { method: 'DELETE', path: '/access/users/{userid}/token/{tokenid}', params: key, allow, handle: deleteToken },
];

function listTokens({ sim, params }: Call): unknown[] {
  const prefix = `${needText(params, 'userid')}!`;
  return Object.entries(sim.world.access.tokens)
    .filter(([id]) => id.startsWith(prefix))
    .map(([id, token]) => ({ tokenid: id.slice(prefix.length), ...tokenRow(token) }));
}

/** The secret is in no answer but those that make it. */
export function tokenRow({ privsep, expire, comment }: Token): Record<string, unknown> {
  return { privsep: privsep ? 1 : 0, expire: expire ?? 0, ...(comment === undefined ? {} : { comment }) };
}

function fullId({ params }: Call): string {
  return `${needText(params, 'userid')}!${needText(params, 'tokenid')}`;
}

function requireToken(call: Call): Token {
  const token = call.sim.world.access.tokens[fullId(call)];
  if (token !== undefined) return token;
  const { params } = call;
  throw failure(`no such token '${needText(params, 'tokenid')}' for user '${needText(params, 'userid')}'`);
}

/** What was sent is in `info` as it was sent. */
async function addToken(call: Call): Promise<Record<string, unknown>> {
  const { sim, params } = call;
  const id = fullId(call);
  requireUser(sim.world.access, needText(params, 'userid'));
  if (sim.world.access.tokens[id] !== undefined) throw parameterError({ tokenid: 'Token already exists.' });
  const token: Token = { secret: sim.random.uuid(), privsep: true };
  await changeAccess(call, 'generating token', (access) => {
    requireUser(access, needText(params, 'userid'));
    if (access.tokens[id] !== undefined) throw failure('Token already exists.');
    apply(call, token);
    access.tokens[id] = token;
  });
  return { 'full-tokenid': id, info: { privsep: 1, ...sentOf(call) }, value: token.secret };
}

async function updateToken(call: Call): Promise<Record<string, unknown>> {
  const { sim, params } = call;
  const token = requireToken(call);
  const isNew = isOn(params, 'regenerate');
  await changeAccess(call, 'updating token info', () => {
    for (const name of splitList(textParam(params, 'delete') ?? '')) unset(token, name);
    apply(call, token);
    if (isNew) token.secret = sim.random.uuid();
  });
  const secret = isNew ? { 'full-tokenid': fullId(call), value: token.secret } : {};
  return { ...tokenRow(token), ...sentOf(call), ...secret };
}

function apply({ params }: Call, token: Token): void {
  const expire = intParam(params, 'expire');
  const privsep = textParam(params, 'privsep');
  const comment = textParam(params, 'comment');
  if (expire !== undefined) token.expire = expire;
  if (privsep !== undefined) token.privsep = privsep === '1';
  if (comment === '') delete token.comment;
  else if (comment !== undefined) token.comment = comment;
}

function unset(token: Token, name: string): void {
  if (name === 'comment') delete token.comment;
  else if (name === 'expire') delete token.expire;
  else throw failure(`unable to delete '${name}'`);
}

function sentOf({ params }: Call): Record<string, unknown> {
  const names = ['comment', 'expire', 'privsep'].filter((name) => params[name] !== undefined && params[name] !== '');
  return Object.fromEntries(names.map((name) => [name, params[name]]));
}

async function deleteToken(call: Call): Promise<void> {
  requireToken(call);
  const id = fullId(call);
  await changeAccess(call, 'deleting token', (access) => {
    requireToken(call);
    dropFromAcl(access, id);
    delete access.tokens[id];
  });
}
