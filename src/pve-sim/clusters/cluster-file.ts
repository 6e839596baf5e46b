// A cluster of one's own from a JSON file (`--cluster FILE`). Sizes are written as PVE writes them, such as `32G`; what is
// left out is as in the built-in clusters.
import { z } from 'zod';
import { PROFILE_NAMES } from '../profiles/profiles.ts';
import { GIB, parseSize } from '../world/size.ts';
import { isFileStorage } from '../world/volumes.ts';
import type { StorageState } from '../world/world.ts';
import type { ClusterData, DiskData, GuestData, NodeData } from './cluster-data.ts';
import { nodeData } from './inventory.ts';

const size = z.string().transform((text, context) => {
  const bytes = parseSize(text);
  if (bytes !== undefined) return bytes;
  context.addIssue(`'${text}' is no size such as 32G`);
  return z.NEVER;
});
const options = z.record(z.string(), z.union([z.string(), z.number()]).transform(String));
const vmid = z.number().int().min(100).max(999_999_999);

const nodeSchema = z.strictObject({
  name: z.string().regex(/^[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?$/),
  pve: z.enum(PROFILE_NAMES).optional(),
  ip: z.ipv4().optional(),
  cpus: z.number().int().positive().optional(),
  memory: size.optional(),
  bridges: z
    .array(z.strictObject({ iface: z.string(), vlanAware: z.boolean().default(false), ports: z.string().default('') }))
    .optional(),
});

const storageSchema = z.strictObject({
  id: z.string(),
  type: z.enum(['dir', 'nfs', 'cifs', 'cephfs', 'btrfs', 'lvm', 'lvmthin', 'zfspool', 'rbd']),
  shared: z.boolean().default(false),
  content: z.array(z.enum(['images', 'rootdir', 'iso', 'vztmpl', 'import', 'backup', 'snippets'])),
  nodes: z.array(z.string()).exactOptional(),
  path: z.string().exactOptional(),
  size: size.optional(),
  bytesPerSecond: z.number().positive().default(GIB),
  defaultFormat: z.enum(['raw', 'qcow2']).default('raw'),
});

const disk = z.strictObject({
  key: z.string(),
  storage: z.string(),
  kind: z.enum(['disk', 'cloudinit']).default('disk'),
  size,
  options: options.exactOptional(),
});

const guestSchema = z.strictObject({
  vmid,
  node: z.string(),
  template: z.boolean().default(false),
  running: z.boolean().default(false),
  config: options.default({}),
  disks: z.array(disk).default([]),
});

const file = z.strictObject({
  name: z.string().optional(),
  pve: z.enum(PROFILE_NAMES).default('9.1'),
  nodes: z.array(nodeSchema).min(1),
  storages: z.array(storageSchema).min(1),
  guests: z.array(guestSchema).default([]),
  containers: z.array(z.strictObject({ vmid, node: z.string(), hostname: z.string() })).default([]),
  pools: z.array(z.string()).default(['virtrigaud']),
  isos: z.array(z.strictObject({ storage: z.string(), name: z.string(), size })).default([]),
  macPrefix: z.string().exactOptional(),
});

const DEFAULT_STORAGE_BYTES = 1024 * GIB;

/** @throws with every problem of the text, each by the place it has in it */
export function parseClusterFile(text: string): ClusterData {
  const parsed = file.safeParse(JSON.parse(text));
  if (!parsed.success) throw new Error(z.prettifyError(parsed.error));
  const { nodes, storages, guests, isos, ...rest } = parsed.data;
  const problems = strangers(parsed.data);
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return {
    ...rest,
    name: rest.name,
    nodes: nodes.map(toNode),
    storages: storages.map(toStorage),
    guests: guests.map(toGuest),
    isos: isos.map(({ size: sizeBytes, ...iso }) => ({ ...iso, sizeBytes })),
  };
}

/** What names something that is not there, or is there twice. */
function strangers({ name, nodes, storages, guests, containers, isos }: z.output<typeof file>): string[] {
  const nodeNames = nodes.map((each) => each.name);
  const storageIds = storages.map(({ id }) => id);
  const all = [...guests, ...containers];
  const twice = (what: string, names: readonly (string | number)[]): string[] =>
    names.filter((each, index) => names.indexOf(each) !== index).map((each) => `${what} ${each} is there twice`);
  const disks = guests.flatMap((each) => each.disks);
  return [
    ...(name === undefined && nodes.length > 1 ? ['several nodes are a cluster: give it a name'] : []),
    ...twice('node', nodeNames),
    ...twice('storage', storageIds),
    ...twice(
      'guest',
      all.map((each) => each.vmid),
    ),
    ...all
      .filter((each) => !nodeNames.includes(each.node))
      .map((each) => `guest ${each.vmid}: there is no node '${each.node}'`),
    ...[...disks, ...isos]
      .filter((each) => !storageIds.includes(each.storage))
      .map((each) => `there is no storage '${each.storage}'`),
  ];
}

function toNode({ memory, ip, cpus, bridges, pve, name }: z.output<typeof nodeSchema>, index: number): NodeData {
  const usual = nodeData(name, index);
  return {
    ...usual,
    ...(pve === undefined ? {} : { pve }),
    ip: ip ?? usual.ip,
    cpus: cpus ?? usual.cpus,
    memoryBytes: memory ?? usual.memoryBytes,
    bridges: bridges ?? usual.bridges,
  };
}

function toStorage({
  size: totalBytes = DEFAULT_STORAGE_BYTES,
  ...storage
}: z.output<typeof storageSchema>): Omit<StorageState, 'disabled'> {
  const isFiles = isFileStorage({ ...storage, totalBytes, disabled: false });
  const usualPath = storage.type === 'dir' ? `/srv/${storage.id}` : `/mnt/pve/${storage.id}`;
  return { ...(isFiles ? { path: usualPath } : {}), ...storage, totalBytes };
}

function toGuest({ disks, ...guest }: z.output<typeof guestSchema>): GuestData {
  return { ...guest, disks: disks.map(({ size: sizeBytes, ...each }): DiskData => ({ ...each, sizeBytes })) };
}
