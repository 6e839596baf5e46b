// Task lists, status, log and stop (pve-behaviour 6). A task is asked about on the node in its UPID.
import { isAllowed, userOf } from '../access/permissions.ts';
import { everybody, requirePrivilege } from '../access/rules.ts';
import { perProfile } from '../profiles/profile.ts';
import { failure, parameterError } from '../pve-error.ts';
import { nodeParams, vmidProperty } from '../schema/endpoint-params.ts';
import { taskStatusFormat } from '../schema/formats.ts';
import { choice, flag, integer, optional, listText, text } from '../schema/property.ts';
import { isOwnTask, statusKind, taskIdentity, taskRow } from '../tasks/task-rows.ts';
import { parseUpid } from '../tasks/upid.ts';
import { splitList } from '../world/lists.ts';
import type { TaskRecord } from '../world/world.ts';
import { type Call, Download, type Endpoint, intParam, isOn, needText, Page, textParam } from './endpoint.ts';

const upidParams = { ...nodeParams, upid: text() };
const paging = { start: optional(integer({ minimum: 0 })), limit: optional(integer({ minimum: 0 })) };
const DEFAULT_LIMIT = 50;

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
    path: '/nodes/{node}/tasks/{upid}',
    params: upidParams,
    allow: everybody,
    stays: true,
    // Of any text: whether it is a task is not asked (recording one-node/85).
    handle: () => [{ name: 'log' }, { name: 'status' }],
  },
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
    params: perProfile((profile) => ({
      ...upidParams,
      ...paging,
      ...(profile.has('taskLogDownload') ? { download: flag() } : {}),
    })),
    allow: everybody,
    handle: taskLog,
  },
  {
    method: 'DELETE',
    path: '/nodes/{node}/tasks/{upid}',
    params: upidParams,
    allow: everybody,
    handle: async (call) => {
      const task = needTask(call, 'Sys.Modify');
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
  const { running, ended } = sim.tasks.ofNode(node);
  const asked = [...(source === 'archive' ? [] : running), ...(source === 'active' ? [] : ended)];
  const rows = asked.filter((task) => (all || isOwnTask(task, user)) && passes(task, call));
  return page(rows.map(taskRow), call);
}

function passes(task: TaskRecord, { params }: Call): boolean {
  const status = textParam(params, 'statusfilter');
  const [vmid, type] = [textParam(params, 'vmid'), textParam(params, 'typefilter')];
  const by = textParam(params, 'userfilter')?.toLowerCase();
  const [since, until] = [intParam(params, 'since'), intParam(params, 'until')];
  const kind = statusKind(task.exitstatus);
  return (
    (vmid === undefined || task.id === vmid) &&
    (type === undefined || task.type === type) &&
    (by === undefined || task.user.toLowerCase().includes(by)) &&
    (since === undefined || task.starttime >= since) &&
    (until === undefined || task.starttime <= until) &&
    (status === undefined || splitList(status).includes(kind)) &&
    (!isOn(params, 'errors') || (task.exitstatus !== undefined && kind !== 'ok' && kind !== 'warning'))
  );
}

/** `limit=0` is everything. */
function page(rows: readonly unknown[], { params }: Call): Page {
  const start = intParam(params, 'start') ?? 0;
  const limit = intParam(params, 'limit') ?? DEFAULT_LIMIT;
  return new Page(limit === 0 ? rows.slice(start) : rows.slice(start, start + limit), rows.length);
}

/** Without Sys.Audit a user sees its own and its tokens' tasks; a token sees none, not even its own (recording one-node/85). */
function clusterTasks({ sim, user, receivedBy }: Call): unknown[] {
  const all = isAllowed(sim.world, user, '/', ['Sys.Audit']);
  return sim.tasks
    .heardBy(receivedBy)
    .filter((task) => all || userOf(task.user) === user)
    .map(({ row }) => row);
}

function taskStatus(call: Call): Record<string, unknown> {
  const task = needTask(call, 'Sys.Audit');
  if (task.stillborn) throw failure(`unable to read status of task '${task.upid}'`);
  const status =
    task.exitstatus === undefined ? { status: 'running' } : { status: 'stopped', exitstatus: task.exitstatus };
  return { ...taskIdentity(task), ...status };
}

const NO_FILE = { n: 1, t: 'unable to open file - No such file or directory' };

function taskLog(call: Call): Page | Download {
  const { params, profile } = call;
  const task = findTask(call, 'Sys.Audit');
  if (isOn(params, 'download')) {
    if (params['start'] !== undefined || params['limit'] !== undefined)
      throw failure("'download' cannot be used together with 'start' or 'limit' parameters");
    if (task === undefined) throw failure(NO_FILE.t);
    return new Download(task.log.map((line) => `${line}\n`).join(''));
  }
  if (task === undefined) return new Page(profile.has('missingLogIsList') ? [NO_FILE] : NO_FILE, 1);
  const lines = task.log.length === 0 ? ['no content'] : task.log;
  return page(
    lines.map((t, index) => ({ n: index + 1, t })),
    call,
  );
}

/** @throws 400 for a text that is no UPID; 403 for another's task */
function findTask(call: Call, privilege: string): TaskRecord | undefined {
  const { sim, user, params } = call;
  const upid = needText(params, 'upid');
  const parts = parseUpid(upid);
  if (parts === undefined) throw parameterError({ upid: 'unable to parse worker upid' });
  const node = needText(params, 'node');
  if (!isOwnTask(parts, user)) requirePrivilege(sim.world, user, `/nodes/${node}`, [privilege]);
  const task = sim.world.tasks[upid];
  // A node looks for a file of its own alone (recording two-node/02).
  return task?.node === node ? task : undefined;
}

/** @throws 400 for a task that this node did not run or has forgotten as well */
function needTask(call: Call, privilege: string): TaskRecord {
  const task = findTask(call, privilege);
  if (task === undefined) throw parameterError({ upid: 'no such task' });
  return task;
}
