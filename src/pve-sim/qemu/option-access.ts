// Which privilege an option needs, and which only a login ticket of root may set (pve-behaviour 5.3, 5.4).
import { isAllowed } from '../access/permissions.ts';
import { isRoot } from '../access/root.ts';
import { requirePrivilege } from '../access/rules.ts';
import type { Profile } from '../profiles/profile.ts';
import { profileOfNode } from '../profiles/profile-of-node.ts';
import { failure, parameterError } from '../pve-error.ts';
import type { Sim } from '../sim.ts';
import { isCdrom, isCloudInit, parseDrive } from '../world/drive.ts';
import { isNicKey, parseNic } from '../world/net.ts';
import { findVolume } from '../world/volumes.ts';
import { hostDeviceWords, isHostDevice } from './device-access.ts';

const GROUPS: readonly [privilege: string, keys: RegExp][] = [
  ['VM.Config.CPU', /^(cores|cpu|cpulimit|cpuunits|numa\d*|smp|sockets|vcpus)$/],
  ['VM.Config.Memory', /^(memory|balloon|shares|allow-ksm)$/],
  [
    'VM.Config.HWType',
    /^(acpi|audio0|hotplug|kvm|machine|scsihw|smbios1|tablet|vga|watchdog|rng0|serial\d|usb\d+|hostpci\d+|virtiofs\d)$/,
  ],
  ['VM.PowerMgmt', /^freeze$/],
  ['VM.Config.Disk', /^(boot|bootdisk|vmstatestorage|efidisk0|tpmstate0|unused\d+)$/],
  ['VM.Config.Network', /^net\d+$/],
];

const ROOT_ONLY = new Set(
  [
    'affinity amd-sev intel-tdx arch args hookscript hugepages keephugepages ivshmem lock spice_enhancements vmgenid',
    'meta parent runningcpu runningmachine snaptime',
  ]
    .join(' ')
    .split(' '),
);
const CLOUDINIT_KEY = /^(cicustom|cipassword|citype|ciupgrade|ciuser|ipconfig\d+|nameserver|searchdomain|sshkeys)$/;

/** Setting and deleting alike. @throws 500 `only root can set ...` */
export function checkRootOnlyKeys(profile: Profile, user: string, keys: readonly string[]): void {
  const refused = keys.find((key) => isRootOnly(profile, key));
  if (refused !== undefined && !isRoot(user)) throw failure(`only root can set '${refused}' config`);
}

/** Before there were mappings, every device of the host was root's (pve-behaviour 5.4). */
function isRootOnly(profile: Profile, key: string): boolean {
  return (
    ROOT_ONLY.has(key) || /^parallel\d$/.test(key) || (!profile.has('mappings') && /^(rng0|hostpci\d+)$/.test(key))
  );
}

/** Asked before whether the caller may set it. @throws 400 */
export function checkHookscript({ world }: Sim, node: string, volid: string | undefined): void {
  if (volid === undefined || findVolume(world, node, volid) !== undefined) return;
  throw parameterError({ hookscript: `script '${volid}' does not exist\n` });
}

/** What a guest may not be created with. @throws 500 `only root can set ...`: no token is root, whatever its rights */
export function checkRootOnly(profile: Profile, user: string, options: Readonly<Record<string, string>>): void {
  checkRootOnlyKeys(profile, user, Object.keys(options));
  if (isRoot(user)) return;
  for (const [key, value] of Object.entries(options)) {
    if (isHostDevice(key, value)) throw failure(`only root can set '${key}' config for ${hostDeviceWords(key)}`);
  }
}

export interface OptionChange {
  readonly key: string;
  /** Undefined where the option is deleted. */
  readonly value: string | undefined;
}

export interface OptionOwner {
  readonly node: string;
  readonly vmid: number;
  readonly user: string;
  /** Counts as well as the guest's own path, for a guest that is being created into it. */
  readonly pool?: string | undefined;
}

/** @throws 403 naming path and privilege */
export function checkOptionAccess(sim: Sim, owner: OptionOwner, change: OptionChange): void {
  const { node, vmid, user } = owner;
  const profile = profileOfNode(sim.world, node);
  const need = (...names: readonly string[]): void => requireOnGuest(sim, owner, names);
  const { key, value } = change;
  if (isNicKey(key)) {
    need('VM.Config.Network');
    if (value !== undefined) checkBridge(sim, profile, user, value);
    return;
  }
  const isNetwork = key.startsWith('ipconfig') && !profile.has('ipconfigNeedsCloudinitOrNetwork');
  if (isNetwork) return need('VM.Config.Network');
  if (CLOUDINIT_KEY.test(key)) {
    if (!isAllowed(sim.world, user, `/vms/${vmid}`, ['VM.Config.Network'])) need('VM.Config.Cloudinit');
    return;
  }
  if (key === 'vmstatestorage' && value !== undefined)
    requirePrivilege(sim.world, user, `/storage/${value}`, ['Datastore.AllocateSpace']);
  if (key === 'startup') requirePrivilege(sim.world, user, '/', ['Sys.Modify']);
  need(GROUPS.find(([, keys]) => keys.test(key))?.[0] ?? 'VM.Config.Options');
}

/** Asked of the old value and of the new one. @throws 403 */
export function checkDriveRights(sim: Sim, user: string, vmid: number, value: string): void {
  const need = (name: string): void => requirePrivilege(sim.world, user, `/vms/${vmid}`, [name]);
  const drive = parseDrive(value);
  if (isCloudInit(drive)) {
    need('VM.Config.Cloudinit');
    need('VM.Config.CDROM');
  } else if (isCdrom(drive)) need('VM.Config.CDROM');
  else need('VM.Config.Disk');
}

/** SDN.Use on the bridge, with a VLAN tag on the tag below it. */
export function checkBridge(sim: Sim, profile: Profile, user: string, nicValue: string): void {
  if (!profile.has('bridgesNeedSdnUse')) return;
  const { bridge, tag } = parseNic(nicValue).options;
  if (bridge === undefined) {
    if (profile.has('nicWithoutBridge')) return;
    throw failure('no sdn vnet ID specified');
  }
  const zone = sim.world.sdn.vnets[bridge]?.['zone'] ?? 'localnetwork';
  const path = `/sdn/zones/${zone}/${bridge}${tag === undefined ? '' : `/${tag}`}`;
  requirePrivilege(sim.world, user, path, ['SDN.Use']);
}

function requireOnGuest(sim: Sim, { vmid, user, pool }: OptionOwner, names: readonly string[]): void {
  if (pool !== undefined && isAllowed(sim.world, user, `/pool/${pool}`, names)) return;
  requirePrivilege(sim.world, user, `/vms/${vmid}`, names);
}

export function isCloudInitKey(key: string): boolean {
  return CLOUDINIT_KEY.test(key);
}
