// Groups of users.
import { isAllowed } from '../access/permissions.ts';
import { everybody, perm, permAny } from '../access/rules.ts';
import { failure } from '../pve-error.ts';
import { groupid } from '../schema/access-params.ts';
import { optional, text } from '../schema/property.ts';
import { changeAccess, dropFromAcl, requireGroup } from './access-change.ts';
import { type Call, type Endpoint, needText, textParam } from './endpoint.ts';

const allocate = perm('/access/groups', 'Group.Allocate');
const comment = optional(text());

export const ACCESS_GROUPS: readonly Endpoint[] = [
  { method: 'GET', path: '/access/groups', params: {}, allow: everybody, handle: listGroups },
  {
    method: 'GET',
    path: '/access/groups/{groupid}',
    params: { groupid },
    allow: permAny('/access/groups', 'Sys.Audit', 'Group.Allocate'),
    handle: readGroup,
  },
  { method: 'POST', path: '/access/groups', params: { groupid, comment }, allow: allocate, handle: createGroup },
  {
    method: 'PUT',
    path: '/access/groups/{groupid}',
    params: { groupid, comment },
    allow: allocate,
    handle: async (call) =>
      await changeAccess(call, 'update group', (access) => {
        requireGroup(access, needText(call.params, 'groupid'));
        setComment(call);
      }),
  },
  { method: 'DELETE', path: '/access/groups/{groupid}', params: { groupid }, allow: allocate, handle: deleteGroup },
];

function listGroups({ sim, user }: Call): unknown[] {
  const privileges = ['User.Modify', 'Sys.Audit', 'Group.Allocate'];
  return Object.entries(sim.world.access.groups)
    .filter(([id]) => isAllowed(sim.world, user, `/access/groups/${id}`, privileges, true))
    .map(([id, { comment: said, users }]) => ({
      groupid: id,
      ...(said === undefined ? {} : { comment: said }),
      users: users.toSorted().join(','),
    }));
}

function readGroup({ sim, params }: Call): unknown {
  const { comment: said, users } = requireGroup(sim.world.access, needText(params, 'groupid'));
  return { members: users.toSorted(), ...(said === undefined ? {} : { comment: said }) };
}

async function createGroup(call: Call): Promise<void> {
  const id = needText(call.params, 'groupid');
  await changeAccess(call, 'create group', (access) => {
    if (access.groups[id] !== undefined) throw failure(`group '${id}' already exists`);
    access.groups[id] = { users: [] };
    setComment(call);
  });
}

function setComment({ sim, params }: Call): void {
  const said = textParam(params, 'comment');
  const group = requireGroup(sim.world.access, needText(params, 'groupid'));
  if (said === '') delete group.comment;
  else if (said !== undefined) group.comment = said;
}

async function deleteGroup(call: Call): Promise<void> {
  const id = needText(call.params, 'groupid');
  await changeAccess(call, 'delete group', (access) => {
    requireGroup(access, id);
    delete access.groups[id];
    dropFromAcl(access, `@${id}`);
  });
}
