// A storage's definition in storage.cfg and what it means, one made from the other (pve-behaviour 8).
import type { Profile } from '../profiles/profile.ts';
import { failure } from '../pve-error.ts';
import { type Section, type Sections } from '../world/section-config.ts';
import { GIB } from '../world/size.ts';
import { splitList } from '../world/lists.ts';
import type { StorageState, StorageType, World } from '../world/world.ts';
import { SENSITIVE_OPTIONS, STORAGE_PLUGINS, type StoragePlugin } from './storage-plugins.ts';

type Options = Readonly<Record<string, string>>;

/** What a definition does not tell. */
type Physical = Pick<StorageState, 'totalBytes' | 'bytesPerSecond' | 'allocateMs' | 'unreachableFrom'>;

/** Of storages that are defined while the cluster runs. */
const NEW_STORAGE: Physical = { totalBytes: 500 * GIB, bytesPerSecond: GIB };

export function pluginOf(type: string): StoragePlugin | undefined {
  return Object.hasOwn(STORAGE_PLUGINS, type) ? STORAGE_PLUGINS[type as StorageType] : undefined;
}

export function storageFrom(id: string, type: StorageType, options: Options, physical = NEW_STORAGE): StorageState {
  const { content, nodes, path, shared, disable, format, 'snapshot-as-volume-chain': chains, ...rest } = options;
  const plugin = STORAGE_PLUGINS[type];
  return {
    id,
    type,
    shared: plugin.shared ?? shared === '1',
    content: content === undefined ? plugin.defaultContent : splitList(content),
    ...(nodes === undefined || nodes === '' ? {} : { nodes: splitList(nodes) }),
    ...(path === undefined ? {} : { path }),
    ...physical,
    defaultFormat: format === 'qcow2' ? 'qcow2' : 'raw',
    ...(chains === '1' ? { volumeChains: true } : {}),
    disabled: disable === '1',
    options: format === undefined ? rest : { ...rest, format },
  };
}

/** The same storage, told otherwise. */
export function redefined(storage: StorageState, options: Options): StorageState {
  const { totalBytes, bytesPerSecond, allocateMs, unreachableFrom } = storage;
  return storageFrom(storage.id, storage.type, options, {
    totalBytes,
    bytesPerSecond,
    ...(allocateMs === undefined ? {} : { allocateMs }),
    ...(unreachableFrom === undefined ? {} : { unreachableFrom }),
  });
}

/** As they stand in storage.cfg. */
export function optionsOf(storage: StorageState): Record<string, string> {
  const { content, nodes, path, defaultFormat, volumeChains, disabled, options = {} } = storage;
  const isSaidToBeShared = storage.shared && STORAGE_PLUGINS[storage.type].shared === undefined;
  return {
    ...(defaultFormat === 'raw' ? {} : { format: defaultFormat }),
    ...options,
    content: content.join(','),
    ...(nodes === undefined ? {} : { nodes: nodes.join(',') }),
    ...(path === undefined ? {} : { path }),
    ...(isSaidToBeShared ? { shared: '1' } : {}),
    ...(volumeChains === true ? { 'snapshot-as-volume-chain': '1' } : {}),
    ...(disabled ? { disable: '1' } : {}),
  };
}

export function storageSections(world: World): Sections {
  const storages = Object.values(world.storages);
  return Object.fromEntries(
    storages.map((storage): [string, Section] => [storage.id, { type: storage.type, options: optionsOf(storage) }]),
  );
}

/**
 * Checks what a call says of a storage, and adds what a new one has by itself.
 * @param id of a storage that is to be made; undefined where one is changed
 * @throws 500 for options that its type does not know or that are missing
 */
export function checkedOptions(profile: Profile, type: StorageType, sent: Options, id?: string): Options {
  const { required, fixed, optional, content, mountPoint } = STORAGE_PLUGINS[type];
  const once = [...required, ...fixed];
  for (const name of Object.keys(sent)) {
    if (!once.includes(name) && !optional.includes(name)) throw failure(`unexpected property '${name}'`);
    if (id === undefined && once.includes(name)) throw failure(`can't change value of fixed parameter '${name}'`);
  }
  const allowed = content.filter((one) => one !== 'import' || profile.has('importContent'));
  const refused = splitList(sent['content'] ?? '').find((one) => !allowed.includes(one));
  if (refused !== undefined) throw failure(`storage does not support content type '${refused}'`);
  const missing = id === undefined ? undefined : required.find((name) => sent[name] === undefined);
  if (missing !== undefined) throw failure(`missing value for required option '${missing}'`);
  const plain = Object.fromEntries(Object.entries(sent).filter(([name]) => !SENSITIVE_OPTIONS.has(name)));
  if (id === undefined || mountPoint === undefined || plain['path'] !== undefined) return plain;
  return { ...plain, path: `${mountPoint}/${id}` };
}
