// Task lists, status, log and stop (pve-behaviour 6). A task is asked about on the node in its UPID.
import { isAllowed, userOf } from '../access/permissions.ts';
import { everybody, requirePrivilege } from '../access/rules.ts';
import { PveError, parameterError } from '../pve-error.ts';
import { nodeParams, vmidProperty } from '../schema/endpoint-params.ts';
import { taskStatusFormat } from '../schema/formats.ts';
import { choice, flag, integer, optional, listText, text } from '../schema/property.ts';
import { isUpid } from '../tasks/upid.ts';
import type { TaskRecord } from '../world/world.ts';
import { type Call, type Endpoint, intParam, isOn, needText, Page, textParam } from './endpoint.ts';

const upidParams = { ...nodeParams, upid: text() };
const paging = { start: optional(integer({ minimum: 0 })), limit: optional(integer({ minimum: 0 })) };
const DEFAULT_LIMIT = 50;
/** How many finished tasks of a node the cluster's list has. */
const RECENT = 25;

export const TASKS: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/nodes/{node}/tasks',
    params: {
      ...nodeParams,
      ...paging,
      errors: flag(),
      since: optional(integer()),
      until: optional(integer()),
      source: optional(choice('archive', 'active', 'all')),
      statusfilter: listText(taskStatusFormat),
      typefilter: optional(text()),
      userfilter: optional(text()),
      vmid: optional(vmidProperty),
    },
    allow: everybody,
    handle: listTasks,
  },
  { method: 'GET', path: '/cluster/tasks', params: {}, allow: everybody, handle: clusterTasks },
  {
    method: 'GET',
    path: '/nodes/{node}/tasks/{upid}/status',
    protected: true,
    params: upidParams,
    allow: everybody,
    handle: taskStatus,
  },
  {
    method: 'GET',
    path: '/nodes/{node}/tasks/{upid}/log',
    protected: true,
    params: { ...upidParams, ...paging, download: flag() },
    allow: everybody,
    handle: taskLog,
  },
  {
    method: 'DELETE',
    path: '/nodes/{node}/tasks/{upid}',
    params: upidParams,
    allow: everybody,
    handle: async (call) => {
      const task = findTask(call, 'Sys.Modify');
      await call.sim.tasks.stop(task.upid);
    },
  },
];

/** Only one's own tasks without Sys.Audit on the node, with 200 and no hint (pve-behaviour 28.4). */
function listTasks(call: Call): Page {
  const { sim, user, params } = call;
  const node = needText(params, 'node');
  const source = textParam(params, 'source') ?? 'archive';
  const all = isAllowed(sim.world, user, `/nodes/${node}`, ['Sys.Audit']);
  const rows = Object.values(sim.world.tasks)
    .filter((task) => task.node === node && (all || isOwn(task, user)) && inSource(task, source) && passes(task, call))
    .toSorted((a, b) => b.starttime - a.starttime);
  const start = intParam(params, 'start') ?? 0;
  const limit = intParam(params, 'limit') ?? DEFAULT_LIMIT;
  const shown = limit === 0 ? rows.slice(start) : rows.slice(start, start + limit);
  return new Page(shown.map(row), rows.length);
}

function inSource(task: TaskRecord, source: string): boolean {
  const active = task.exitstatus === undefined;
  return source === 'all' || (source === 'active') === active;
}

function passes(task: TaskRecord, { params }: Call): boolean {
  const [vmid, type, by] = [
    textParam(params, 'vmid'),
    textParam(params, 'typefilter'),
    textParam(params, 'userfilter'),
  ];
  const [since, until] = [intParam(params, 'since'), intParam(params, 'until')];
  return (
    (vmid === undefined || task.id === vmid) &&
    (type === undefined || task.type === type) &&
    (by === undefined || task.user.includes(by)) &&
    (since === undefined || task.starttime >= since) &&
    (until === undefined || task.starttime <= until) &&
    (!isOn(params, 'errors') || (task.exitstatus !== undefined && task.exitstatus !== 'OK'))
  );
}

function clusterTasks({ sim, user }: Call): unknown[] {
  const all = isAllowed(sim.world, user, '/', ['Sys.Audit']);
  const visible = Object.values(sim.world.tasks).filter((task) => all || isOwn(task, user));
  return Object.keys(sim.world.nodes).flatMap((node) => {
    const own = visible.filter((task) => task.node === node).toSorted((a, b) => b.starttime - a.starttime);
    const active = own.filter((task) => task.exitstatus === undefined);
    const done = own.filter((task) => task.exitstatus !== undefined).slice(0, RECENT);
    return [...active, ...done].map(clusterRow);
  });
}

/** A running task shows its whole token as user, a finished one the token beside it (recording one-node/85). */
function row(task: TaskRecord): Record<string, unknown> {
  const { endtime, exitstatus, user } = task;
  if (exitstatus === undefined) {
    const { tokenid: _, ...rest } = identity(task);
    return { ...rest, user, saved: '0', status: 'RUNNING' };
  }
  return { ...identity(task), endtime, status: exitstatus };
}

function clusterRow(task: TaskRecord): Record<string, unknown> {
  const { pid, pstart: _, ...rest } = identity(task);
  return task.exitstatus === undefined
    ? { ...rest, pid }
    : { ...rest, endtime: task.endtime, status: task.exitstatus, saved: '1' };
}

/** `user` without its token, the token beside it. */
function identity(task: TaskRecord): Record<string, unknown> {
  const { upid, node, pid, pstart, starttime, type, id } = task;
  const user = userOf(task.user);
  const tokenid = task.user.slice(user.length + 1);
  return { upid, node, pid, pstart, starttime, type, id, user, ...(tokenid === '' ? {} : { tokenid }) };
}

function taskStatus(call: Call): Record<string, unknown> {
  const task = findTask(call, 'Sys.Audit');
  if (task.stillborn) throw new PveError(500, `unable to read status of task '${task.upid}'`);
  const status =
    task.exitstatus === undefined ? { status: 'running' } : { status: 'stopped', exitstatus: task.exitstatus };
  return { ...identity(task), ...status };
}

function taskLog(call: Call): Page {
  const { upid = '', node } = call.params;
  const elsewhere = call.sim.world.tasks[String(upid)];
  // A node looks for its own file alone (recording two-node/02).
  if (elsewhere !== undefined && elsewhere.node !== node)
    return new Page([{ n: 1, t: 'unable to open file - No such file or directory' }], 1);
  const task = findTask(call, 'Sys.Audit');
  const lines = task.log.length === 0 ? ['no content'] : task.log;
  const start = intParam(call.params, 'start') ?? 0;
  const limit = intParam(call.params, 'limit') ?? DEFAULT_LIMIT;
  const rows = lines.map((t, index) => ({ n: index + 1, t }));
  return new Page(limit === 0 ? rows.slice(start) : rows.slice(start, start + limit), lines.length);
}

/** @throws 400 for a text that is no UPID or a task that this node did not run; 403 for another's task */
function findTask(call: Call, privilege: string): TaskRecord {
  const { sim, user, params } = call;
  const upid = needText(params, 'upid');
  if (!isUpid(upid)) throw parameterError({ upid: 'unable to parse worker upid' });
  const node = needText(params, 'node');
  const task = sim.world.tasks[upid];
  const owner = upid.split(':').at(-2) ?? '';
  if (owner !== user && userOf(owner) !== user) requirePrivilege(sim.world, user, `/nodes/${node}`, [privilege]);
  if (task === undefined || task.node !== node) throw parameterError({ upid: 'no such task' });
  return task;
}

/** A user sees the tasks of its tokens, a token only its own. */
function isOwn(task: TaskRecord, user: string): boolean {
  return task.user === user || userOf(task.user) === user;
}
