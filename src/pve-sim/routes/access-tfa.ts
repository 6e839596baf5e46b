// Second factors as the API shows them; they are given to a user beside it (pve-behaviour 4.1).
import { isRoot } from '../access/root.ts';
import { or, everybody, self, userGroup } from '../access/rules.ts';
import { PveError } from '../pve-error.ts';
import { userid } from '../schema/access-params.ts';
import { flag, text } from '../schema/property.ts';
import type { SecondFactor } from '../world/world.ts';
import { requireUser } from './access-change.ts';
import { type Call, type Endpoint, isOn, needText } from './endpoint.ts';

const feature = 'secondFactorEntries';
const see = or(self, userGroup(['User.Modify', 'Sys.Audit']));

export const ACCESS_TFA: readonly Endpoint[] = [
  { method: 'GET', path: '/access/tfa', feature, protected: true, params: {}, allow: everybody, handle: listAll },
  {
    method: 'GET',
    path: '/access/tfa/{userid}',
    feature,
    protected: true,
    params: { userid },
    allow: see,
    handle: (call) => rowsOf(call),
  },
  {
    method: 'GET',
    path: '/access/tfa/{userid}/{id}',
    feature,
    protected: true,
    params: { userid, id: text() },
    allow: see,
    handle: (call) => {
      const id = needText(call.params, 'id');
      const row = rowsOf(call).find((each) => each['id'] === id);
      if (row === undefined) throw new PveError(404, `no such tfa entry '${id}'`);
      return row;
    },
  },
  {
    method: 'GET',
    path: '/access/users/{userid}/tfa',
    protected: true,
    params: { userid, multiple: flag() },
    allow: see,
    handle: typesOf,
  },
];

/** Root sees everybody's, anyone else one's own. */
function listAll({ sim, user }: Call): unknown[] {
  return Object.entries(sim.world.access.users)
    .filter(([id, { secondFactors = [] }]) => secondFactors.length > 0 && (isRoot(user) || user === id))
    .map(([id, { secondFactors = [] }]) => ({ userid: id, entries: secondFactors.map(row) }));
}

function rowsOf({ sim, params }: Call): Record<string, unknown>[] {
  const { secondFactors = [] } = requireUser(sim.world.access, needText(params, 'userid'));
  return secondFactors.map(row);
}

function row({ id, type, description, created, enabled }: SecondFactor): Record<string, unknown> {
  return { id, type, description, created, ...(enabled ? {} : { enable: 0 }) };
}

function typesOf({ sim, params }: Call): unknown {
  const { secondFactors = [] } = requireUser(sim.world.access, needText(params, 'userid'));
  const types = [...new Set(secondFactors.filter(({ enabled }) => enabled).map(({ type }) => type))];
  if (isOn(params, 'multiple')) return { types };
  return types.includes('totp') ? { user: 'oath' } : {};
}
