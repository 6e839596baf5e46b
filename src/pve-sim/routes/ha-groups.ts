// HA groups, until rules took their place: then every call on them is refused (recording one-node/110).
import { perm } from '../access/rules.ts';
import { GROUP_OPTIONS } from '../ha/ha-options.ts';
import { changeUnderClusterLock } from '../locks/cluster-lock.ts';
import { failure } from '../pve-error.ts';
import { checkQuorum } from '../qemu/config-file.ts';
import { deletedOptions, fileDigest } from '../schema/endpoint-params.ts';
import { configIdFormat, haNodeFormat } from '../schema/formats.ts';
import { choice, listText, optional, type Schema, text } from '../schema/property.ts';
import { checkSectionsDigest, editOptions, sectionsDigest, shownOptions } from '../world/section-config.ts';
import { splitList } from '../world/lists.ts';
import { type Call, type Endpoint, needText, sentOptions, textParam } from './endpoint.ts';

const group = text({ format: configIdFormat });
const read = perm('/', 'Sys.Audit');
const write = perm('/', 'Sys.Console');
const changes: Schema = {
  ...GROUP_OPTIONS,
  nodes: listText(haNodeFormat),
  delete: deletedOptions,
  digest: fileDigest,
  group,
};

export const HA_GROUPS: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/cluster/ha/groups',
    params: {},
    allow: read,
    handle: whileThereAreGroups('index groups', (call) =>
      Object.keys(call.sim.world.ha.groups).map((id) => view(call, id)),
    ),
  },
  {
    method: 'GET',
    path: '/cluster/ha/groups/{group}',
    params: { group },
    allow: read,
    handle: whileThereAreGroups('read group', (call) => view(call, needText(call.params, 'group'))),
  },
  {
    method: 'POST',
    path: '/cluster/ha/groups',
    params: { ...GROUP_OPTIONS, group, type: optional(choice('group')) },
    allow: write,
    handle: whileThereAreGroups('create group', addGroup),
  },
  {
    method: 'PUT',
    path: '/cluster/ha/groups/{group}',
    params: changes,
    allow: write,
    handle: whileThereAreGroups('update group', changeGroup),
  },
  {
    method: 'DELETE',
    path: '/cluster/ha/groups/{group}',
    params: { group },
    allow: write,
    handle: whileThereAreGroups('delete group', removeGroup),
  },
];

function whileThereAreGroups(act: string, handle: Endpoint['handle']): Endpoint['handle'] {
  return (call) => {
    if (call.profile.has('haGroups')) return handle(call);
    throw failure(`cannot ${act}: ha groups have been migrated to rules`);
  };
}

function view({ sim }: Call, id: string): Record<string, unknown> {
  const { groups } = sim.world.ha;
  const section = groups[id];
  if (section === undefined) throw failure(`no such ha group '${id}'`);
  return { ...shownOptions(section.options, GROUP_OPTIONS), group: id, type: 'group', digest: sectionsDigest(groups) };
}

async function addGroup({ sim, params, process }: Call): Promise<void> {
  checkQuorum(sim, process.node);
  const id = needText(params, 'group');
  const { groups } = sim.world.ha;
  await changeUnderClusterLock(sim, process, 'domain-ha', 'create ha group', () => {
    if (groups[id] !== undefined) throw failure(`ha group ID '${id}' already defined`);
    groups[id] = { type: 'group', options: sentOptions(params, GROUP_OPTIONS) };
  });
}

async function changeGroup({ sim, params, process }: Call): Promise<void> {
  const id = needText(params, 'group');
  const { groups } = sim.world.ha;
  const edits = { set: sentOptions(params, GROUP_OPTIONS), delete: splitList(textParam(params, 'delete') ?? '') };
  await changeUnderClusterLock(sim, process, 'domain-ha', 'update ha group', () => {
    checkSectionsDigest(groups, textParam(params, 'digest'));
    const section = groups[id];
    if (section === undefined) throw failure(`no such ha group '${id}'`);
    editOptions(section, edits, GROUP_OPTIONS);
  });
}

async function removeGroup({ sim, params, process }: Call): Promise<void> {
  const id = needText(params, 'group');
  const { groups, resources } = sim.world.ha;
  await changeUnderClusterLock(sim, process, 'domain-ha', 'delete ha group', () => {
    const user = Object.keys(resources).find((sid) => resources[sid]?.options['group'] === id);
    if (user !== undefined) throw failure(`ha group is used by service '${user}'`);
    delete groups[id];
  });
}
