// `datacenter.cfg` (pve-behaviour 19, recordings one-node/20 and 106).
import { isAllowed } from '../access/permissions.ts';
import { everybody, perm } from '../access/rules.ts';
import { allowedTags } from '../access/tag-rights.ts';
import { withClusterLock } from '../locks/cluster-lock.ts';
import { perProfile, type Profile } from '../profiles/profile.ts';
import { failure } from '../pve-error.ts';
import { datacenterOptions, defaultKeyOf, keysOfOption } from '../schema/datacenter-options.ts';
import { configIdFormat } from '../schema/formats.ts';
import { listText, type Schema } from '../schema/property.ts';
import { DEFAULT_MAC_PREFIX, nextIdRange, splitTags } from '../world/datacenter.ts';
import { formatProperties, normaliseBoolean, parseProperties } from '../world/property-string.ts';
import { splitList } from '../world/lists.ts';
import { type Call, type Endpoint, textParam } from './endpoint.ts';

export const CLUSTER_OPTIONS: readonly Endpoint[] = [
  { method: 'GET', path: '/cluster/options', params: {}, allow: everybody, handle: readOptions },
  {
    method: 'PUT',
    path: '/cluster/options',
    params: perProfile((profile): Schema => ({ ...datacenterOptions(profile), delete: listText(configIdFormat) })),
    allow: perm('/', 'Sys.Modify'),
    handle: writeOptions,
  },
];

/** What everybody may read. */
const PUBLIC = new Set(['console', 'consent-text', 'tag-style']);

function readOptions({ sim, user, profile }: Call): Record<string, unknown> {
  const { world } = sim;
  const seesAll = isAllowed(world, user, '/', ['Sys.Audit']);
  const set = Object.entries(world.cluster.options).filter(([name]) => seesAll || PUBLIC.has(name));
  const defaults = {
    description: '',
    ...(profile.has('defaultMacPrefix') ? { mac_prefix: DEFAULT_MAC_PREFIX } : {}),
  };
  return {
    ...(seesAll ? defaults : {}),
    ...Object.fromEntries(set.map(([name, value]) => [name, shown(profile, name, value)])),
    ...(profile.has('tagPolicy') ? { 'allowed-tags': allowedTags(world, user) } : {}),
  };
}

/** Most structured options read back as objects, lists of tags as arrays; booleans are numbers, other numbers text. */
function shown(profile: Profile, name: string, value: string): unknown {
  if (name === 'registered-tags') return splitTags(value);
  const keys = keysOfOption(profile, name);
  if (keys === undefined) return datacenterOptions(profile)[name]?.type === 'boolean' ? Number(value) : value;
  const parts = Object.entries(parseProperties(value, defaultKeyOf(name)));
  return Object.fromEntries(
    parts.map(([key, part]) => [key, key === 'user-allow-list' ? splitTags(part) : shownPart(keys, key, part)]),
  );
}

function shownPart(keys: Schema, key: string, part: string): string | number {
  return keys[key]?.type === 'boolean' ? Number(part) : part;
}

async function writeOptions(call: Call): Promise<void> {
  const { sim, params, process, profile } = call;
  await withClusterLock(sim, process, 'file-datacenter_cfg', () => {
    const { cluster } = sim.world;
    const before = cluster.options;
    const options = { ...before };
    for (const name of splitList(textParam(params, 'delete') ?? '')) delete options[name];
    for (const name of Object.keys(datacenterOptions(profile))) {
      const value = textParam(params, name);
      if (value !== undefined) options[name] = stored(profile, name, value);
    }
    cluster.options = options;
    const { lower, upper } = nextIdRange(sim.world);
    if (lower <= upper) return;
    cluster.options = before;
    throw failure(`lower (${lower}) <= upper (${upper}) boundary rule broken`);
  });
}

/** Property strings are written anew: keys sorted, booleans as 1 and 0. */
function stored(profile: Profile, name: string, value: string): string {
  if (name === 'registered-tags') return [...new Set(splitTags(value))].sort().join(';');
  const keys = keysOfOption(profile, name);
  if (keys === undefined) return value;
  const parts = parseProperties(value, defaultKeyOf(name));
  for (const [key, part] of Object.entries(parts))
    if (keys[key]?.type === 'boolean') parts[key] = normaliseBoolean(part);
  return formatProperties(parts, defaultKeyOf(name));
}
