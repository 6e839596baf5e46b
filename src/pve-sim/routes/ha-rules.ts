// HA rules: where guests under HA may run, and which of them together (recordings one-node/110, two-node/12).
import { perm } from '../access/rules.ts';
import { RULE_OPTIONS, RULE_OPTIONS_OF, RULE_TYPES } from '../ha/ha-options.ts';
import { changeUnderClusterLock } from '../locks/cluster-lock.ts';
import { failure } from '../pve-error.ts';
import { checkQuorum } from '../qemu/config-file.ts';
import { deletedOptions, fileDigest } from '../schema/endpoint-params.ts';
import { configIdFormat } from '../schema/formats.ts';
import { optional, type Schema, text } from '../schema/property.ts';
import {
  checkSectionsDigest,
  editOptions,
  type Section,
  sectionsDigest,
  shownOptions,
} from '../world/section-config.ts';
import { splitList } from '../world/lists.ts';
import type { World } from '../world/world.ts';
import { type Call, type Endpoint, needText, sentOptions, textParam } from './endpoint.ts';

const feature = 'haRules';
const rule = text({ format: configIdFormat });
const read = perm('/', 'Sys.Audit');
const write = perm('/', 'Sys.Console');

export const HA_RULES: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/cluster/ha/rules',
    feature,
    params: { resource: optional(text()), type: optional(RULE_TYPES) },
    allow: read,
    handle: listRules,
  },
  {
    method: 'GET',
    path: '/cluster/ha/rules/{rule}',
    feature,
    params: { rule },
    allow: read,
    handle: (call) => view(call, needText(call.params, 'rule')),
  },
  {
    method: 'POST',
    path: '/cluster/ha/rules',
    feature,
    params: { ...RULE_OPTIONS, rule, type: RULE_TYPES },
    allow: write,
    handle: addRule,
  },
  {
    method: 'PUT',
    path: '/cluster/ha/rules/{rule}',
    feature,
    params: {
      ...optionalOptions(),
      delete: deletedOptions,
      digest: fileDigest,
      rule,
      type: RULE_TYPES,
    },
    allow: write,
    handle: changeRule,
  },
  {
    method: 'DELETE',
    path: '/cluster/ha/rules/{rule}',
    feature,
    params: { rule },
    allow: write,
    handle: removeRule,
  },
];

function optionalOptions(): Schema {
  return Object.fromEntries(Object.entries(RULE_OPTIONS).map(([name, property]) => [name, optional(property)]));
}

function listRules(call: Call): unknown[] {
  const type = textParam(call.params, 'type');
  const resource = textParam(call.params, 'resource');
  return Object.entries(call.sim.world.ha.rules)
    .filter(([, section]) => type === undefined || section.type === type)
    .filter(([, { options }]) => resource === undefined || splitList(options['resources'] ?? '').includes(resource))
    .map(([id]) => view(call, id));
}

function view({ sim }: Call, id: string): Record<string, unknown> {
  const { rules } = sim.world.ha;
  const section = rules[id];
  if (section === undefined) throw failure(`no such ha rule '${id}'`);
  return {
    ...shownOptions(section.options, RULE_OPTIONS),
    rule: id,
    type: section.type,
    digest: sectionsDigest(rules),
  };
}

async function addRule({ sim, params, process }: Call): Promise<void> {
  checkQuorum(sim, process.node);
  const id = needText(params, 'rule');
  const { rules } = sim.world.ha;
  const section = { type: needText(params, 'type'), options: sentOptions(params, RULE_OPTIONS) };
  await changeUnderClusterLock(sim, process, 'domain-ha', 'create ha rule', () => {
    if (rules[id] !== undefined) throw failure(`HA rule '${id}' already defined`);
    checkRule(sim.world, section);
    rules[id] = section;
  });
}

async function changeRule({ sim, params, process }: Call): Promise<void> {
  const id = needText(params, 'rule');
  const { rules } = sim.world.ha;
  const edits = { set: sentOptions(params, RULE_OPTIONS), delete: splitList(textParam(params, 'delete') ?? '') };
  await changeUnderClusterLock(sim, process, 'domain-ha', 'update ha rule', () => {
    checkSectionsDigest(rules, textParam(params, 'digest'));
    const section = rules[id];
    if (section === undefined) throw failure(`HA rule '${id}' does not exist`);
    const changed = { ...section };
    editOptions(changed, edits, RULE_OPTIONS);
    checkRule(sim.world, changed);
    rules[id] = changed;
  });
}

function checkRule(world: World, { type, options }: Section): void {
  const unmanaged = splitList(options['resources'] ?? '').filter((sid) => world.ha.resources[sid] === undefined);
  if (unmanaged.length > 0) throw failure(`cannot use unmanaged resource(s) ${unmanaged.join(', ')}.`);
  for (const [other, { own, needs }] of Object.entries(RULE_OPTIONS_OF)) {
    if (other === type) {
      if (options[needs] === undefined) throw failure(`missing value for required option '${needs}'`);
      continue;
    }
    const stray = own.find((name) => options[name] !== undefined);
    if (stray !== undefined) throw failure(`unexpected property '${stray}'`);
  }
}

async function removeRule({ sim, params, process }: Call): Promise<void> {
  const { rules } = sim.world.ha;
  await changeUnderClusterLock(sim, process, 'domain-ha', 'delete ha rule', () => {
    delete rules[needText(params, 'rule')];
  });
}
