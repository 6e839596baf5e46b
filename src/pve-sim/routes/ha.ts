// HA resources, and what the managers show (pve-behaviour 19; recordings one-node/110, two-node/12).
import { perm } from '../access/rules.ts';
import { guestOfSid, forgetResource, sidOf } from '../ha/ha-config.ts';
import { resourceOptions } from '../ha/ha-options.ts';
import { haStatus, managerStatus } from '../ha/ha-status.ts';
import { queueCommand } from '../ha/requests.ts';
import { changeUnderClusterLock } from '../locks/cluster-lock.ts';
import { perProfile } from '../profiles/profile.ts';
import { failure } from '../pve-error.ts';
import { checkQuorum } from '../qemu/config-file.ts';
import { deletedOptions, fileDigest } from '../schema/endpoint-params.ts';
import { haIdFormat, nodeFormat } from '../schema/formats.ts';
import { choice, flag, optional, type Schema, text } from '../schema/property.ts';
import { checkSectionsDigest, editOptions, sectionsDigest, shownOptions } from '../world/section-config.ts';
import { splitList } from '../world/lists.ts';
import { type Call, type Endpoint, needText, sentOptions, textParam } from './endpoint.ts';

const sid = text({ format: haIdFormat });
const type = optional(choice('ct', 'vm'));
const read = perm('/', 'Sys.Audit');
const write = perm('/', 'Sys.Console');

export const HA: readonly Endpoint[] = [
  { method: 'GET', path: '/cluster/ha/resources', params: { type }, allow: read, handle: listResources },
  {
    method: 'GET',
    path: '/cluster/ha/resources/{sid}',
    params: { sid },
    allow: read,
    handle: (call) => view(call, existing(call)),
  },
  {
    method: 'POST',
    path: '/cluster/ha/resources',
    params: perProfile((profile): Schema => ({ ...resourceOptions(profile), sid, type })),
    allow: write,
    handle: addResource,
  },
  {
    method: 'PUT',
    path: '/cluster/ha/resources/{sid}',
    params: perProfile(
      (profile): Schema => ({
        ...resourceOptions(profile),
        delete: deletedOptions,
        digest: fileDigest,
        sid,
      }),
    ),
    allow: write,
    handle: changeResource,
  },
  {
    method: 'DELETE',
    path: '/cluster/ha/resources/{sid}',
    params: perProfile((profile): Schema => ({ sid, ...(profile.has('haRules') ? { purge: flag() } : {}) })),
    allow: write,
    handle: removeResource,
  },
  {
    method: 'GET',
    path: '/cluster/ha/status/current',
    params: {},
    allow: read,
    handle: ({ sim, receivedBy, profile }) => haStatus(sim, receivedBy, profile),
  },
  {
    method: 'GET',
    path: '/cluster/ha/status/manager_status',
    params: {},
    allow: read,
    handle: ({ sim, receivedBy }) => managerStatus(sim, receivedBy),
  },
  move('migrate'),
  move('relocate'),
];

/** A command to the master; since 9 its answer says what was asked for. */
function move(act: 'migrate' | 'relocate'): Endpoint {
  return {
    method: 'POST',
    path: `/cluster/ha/resources/{sid}/${act}`,
    params: { node: text({ format: nodeFormat }), sid },
    allow: write,
    handle: (call) => {
      const { sim, params, process, profile } = call;
      checkQuorum(sim, process.node);
      const id = existing(call);
      const target = needText(params, 'node');
      if (sim.world.ha.status.services[id]?.state === 'error') {
        throw failure(`service '${id}' in error state, must be disabled and fixed first`);
      }
      queueCommand(sim, { sid: id, act, target });
      return profile.has('haRules') ? { sid: id, 'requested-node': target } : null;
    },
  };
}

/** `100` and `vm:100` are the same for a guest. */
function serviceId({ sim, params }: Call): string {
  const given = needText(params, 'sid');
  if (given.includes(':')) return given;
  const guest = sim.world.guests[Number(given)];
  if (guest === undefined) throw failure(`unable to find VM ${given}`);
  return sidOf(guest);
}

function listResources(call: Call): unknown[] {
  const wanted = textParam(call.params, 'type');
  return Object.entries(call.sim.world.ha.resources)
    .filter(([, resource]) => wanted === undefined || resource.type === wanted)
    .map(([id]) => view(call, id));
}

/** What has not been said is not shown, not even its default. */
function view({ sim, profile }: Call, id: string): Record<string, unknown> {
  const { resources } = sim.world.ha;
  const { type: kind = '', options = {} } = resources[id] ?? {};
  return { ...shownOptions(options, resourceOptions(profile)), sid: id, type: kind, digest: sectionsDigest(resources) };
}

function existing(call: Call): string {
  const id = serviceId(call);
  if (call.sim.world.ha.resources[id] === undefined) throw failure(`no such resource '${id}'`);
  return id;
}

/** @throws where the version has rules instead, or there is no such group */
function checkGroup({ sim, profile, params }: Call): void {
  const group = textParam(params, 'group');
  if (group === undefined) return;
  if (!profile.has('haGroups')) throw failure("invalid parameter 'group': ha groups have been migrated to rules");
  if (sim.world.ha.groups[group] === undefined) throw failure(`HA group '${group}' does not exist`);
}

function checkGuest(call: Call, id: string): void {
  const guest = guestOfSid(call.sim.world, id);
  if (guest === undefined) throw failure(`resource '${id}' does not exist in cluster`);
  if (!call.profile.has('haRules') || sidOf(guest) === id) return;
  const kind = id.startsWith('ct:') ? 'a container' : 'a virtual machine';
  throw failure(`resource '${id}' - guest with ID ${guest.vmid} is not ${kind}`);
}

async function addResource(call: Call): Promise<void> {
  const { sim, params, process, profile } = call;
  checkQuorum(sim, process.node);
  const id = serviceId(call);
  const kind = id.split(':')[0] ?? '';
  if (textParam(params, 'type') !== undefined && textParam(params, 'type') !== kind)
    throw failure('types does not match');
  checkGroup(call);
  checkGuest(call, id);
  const { resources } = sim.world.ha;
  await changeUnderClusterLock(sim, process, 'domain-ha', 'create resource', () => {
    if (resources[id] !== undefined) throw failure(`resource ID '${id}' already defined`);
    resources[id] = { type: kind, options: sentOptions(params, resourceOptions(profile)) };
  });
}

async function changeResource(call: Call): Promise<void> {
  const { sim, params, process, profile } = call;
  checkGroup(call);
  const id = serviceId(call);
  const { resources } = sim.world.ha;
  const schema = resourceOptions(profile);
  const edits = { set: sentOptions(params, schema), delete: splitList(textParam(params, 'delete') ?? '') };
  await changeUnderClusterLock(sim, process, 'domain-ha', 'update resources config', () => {
    checkSectionsDigest(resources, textParam(params, 'digest'));
    const resource = resources[id];
    if (resource === undefined) throw failure(`no such resource '${id}'`);
    editOptions(resource, edits, schema);
  });
}

async function removeResource(call: Call): Promise<void> {
  const { sim, params, process, profile } = call;
  const { world } = sim;
  const id = serviceId(call);
  if (world.ha.resources[id] === undefined) throw failure(`cannot delete service '${id}', not HA managed!`);
  const staysInRules = !profile.has('haRules') || textParam(params, 'purge') === '0';
  await changeUnderClusterLock(sim, process, 'domain-ha', 'delete resource', () => {
    if (staysInRules) delete world.ha.resources[id];
    else forgetResource(world, id);
  });
}
