// HA resources (pve-behaviour 19): the list that start, stop and delete look at. No manager moves or fences anything.
import { perm } from '../access/rules.ts';
import { failure } from '../pve-error.ts';
import { checkQuorum } from '../qemu/config-file.ts';
import { configIdFormat, haIdFormat } from '../schema/formats.ts';
import { choice, flag, integer, optional, text } from '../schema/property.ts';
import type { HaResource } from '../world/world.ts';
import { type Call, type Endpoint, intParam, needText, textParam } from './endpoint.ts';

const sid = text({ format: haIdFormat });
const type = optional(choice('ct', 'vm'));
const read = perm('/', 'Sys.Audit');
const write = perm('/', 'Sys.Console');
const count = optional(integer({ minimum: 0 }));

export const HA: readonly Endpoint[] = [
  { method: 'GET', path: '/cluster/ha/resources', params: { type }, allow: read, handle: listResources },
  {
    method: 'GET',
    path: '/cluster/ha/resources/{sid}',
    params: { sid },
    allow: read,
    handle: (call) => view(resourceOf(call)),
  },
  {
    method: 'POST',
    path: '/cluster/ha/resources',
    params: {
      comment: optional(text({ maxLength: 4096 })),
      failback: flag(),
      group: optional(text({ format: configIdFormat })),
      max_relocate: count,
      max_restart: count,
      sid,
      state: optional(choice('started', 'stopped', 'enabled', 'disabled', 'ignored')),
      type,
    },
    allow: write,
    handle: addResource,
  },
  {
    method: 'DELETE',
    path: '/cluster/ha/resources/{sid}',
    params: { sid, purge: flag() },
    allow: write,
    handle: (call) => {
      const id = serviceId(call);
      if (call.sim.world.ha[id] === undefined) throw failure(`cannot delete service '${id}', not HA managed!`);
      checkQuorum(call.sim, call.process.node);
      delete call.sim.world.ha[id];
    },
  },
];

/** `100` and `vm:100` are the same for a guest. */
function serviceId(call: Call): string {
  const given = needText(call.params, 'sid');
  if (given.includes(':')) return given;
  return `${call.sim.world.guests[Number(given)]?.type === 'lxc' ? 'ct' : 'vm'}:${given}`;
}

function listResources({ sim, params }: Call): unknown[] {
  const wanted = textParam(params, 'type');
  return Object.values(sim.world.ha)
    .filter((resource) => wanted === undefined || resource.sid.startsWith(`${wanted}:`))
    .map(view);
}

function view(resource: HaResource): Record<string, unknown> {
  const { sid: id, state, comment, maxRestart, maxRelocate } = resource;
  return {
    sid: id,
    type: id.split(':')[0],
    state,
    ...(comment === undefined ? {} : { comment }),
    ...(maxRestart === undefined ? {} : { max_restart: maxRestart }),
    ...(maxRelocate === undefined ? {} : { max_relocate: maxRelocate }),
  };
}

function resourceOf(call: Call): HaResource {
  const id = serviceId(call);
  const resource = call.sim.world.ha[id];
  if (resource === undefined) throw failure(`no such resource '${id}'`);
  return resource;
}

function addResource(call: Call): void {
  const { sim, params } = call;
  checkQuorum(sim, call.process.node);
  const id = serviceId(call);
  if (sim.world.ha[id] !== undefined) throw failure(`create resource failed: resource ID '${id}' already defined`);
  if (sim.world.guests[Number(id.split(':')[1])] === undefined) throw failure(`unable to find VM ${id.split(':')[1]}`);
  sim.world.ha[id] = {
    sid: id,
    state: textParam(params, 'state') ?? 'started',
    comment: textParam(params, 'comment'),
    maxRestart: intParam(params, 'max_restart'),
    maxRelocate: intParam(params, 'max_relocate'),
  };
}
