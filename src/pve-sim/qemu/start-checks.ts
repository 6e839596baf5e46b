// What keeps a guest from starting, in PVE's order: its own checks first, then those of QEMU itself, whose complaint is only
// in the log (pve-behaviour 12; recordings one-node/10, 66 and 72).
import { writeDrive } from '../cloudinit/drive.ts';
import { failure } from '../pve-error.ts';
import { profileOfNode } from '../profiles/profile-of-node.ts';
import type { Sim } from '../sim.ts';
import type { Worker } from '../tasks/worker.ts';
import { drivesOf, isBusKey, isCdrom } from '../world/drive.ts';
import { isNicKey, parseNic } from '../world/net.ts';
import { sortedOptions } from '../world/options.ts';
import { parseProperties } from '../world/property-string.ts';
import { KIB, MIB } from '../world/size.ts';
import { storageIdOf } from '../world/volid.ts';
import { checkUsable, findVolume, requireStorage, requireVolume } from '../world/volumes.ts';
import type { Guest, NodeState } from '../world/world.ts';
import { maxCpus, memoryMib } from './guest-status.ts';
import { hotplugFeatures } from './hotplug.ts';
import { checkMachine } from './machine.ts';
import { BOOT_MEMORY_MIB, dimmBorder } from './memory-hotplug.ts';

/** Everything up to the start of the QEMU process. @throws PVE's own refusals */
export async function prepareStart(sim: Sim, worker: Worker, guest: Guest): Promise<void> {
  const node = nodeOf(sim, guest);
  await writeDrive(sim, worker, guest);
  checkVirtualisation(node, guest);
  checkMachine(sim.world, guest);
  if (maxCpus(guest.config) > node.cpus) throw failure(`MAX ${node.cpus} vcpus allowed per VM on this node`);
  checkMemoryHotplug(guest);
  checkNumaNodes(guest);
  checkPciDevices(worker, guest);
  if (guest.config['bios'] === 'ovmf' && guest.config['efidisk0'] === undefined) {
    worker.warn('no efidisk configured! Using temporary efivars disk.');
  }
  checkVolumes(sim, guest);
  const missing = missingBridge(node, guest);
  if (missing !== undefined && profileOfNode(sim.world, node.name).has('bridgesCheckedBeforeStart')) {
    throw failure(`bridge '${missing}' does not exist`);
  }
}

/** The process itself. @throws `start failed: QEMU exited with code 1`, with QEMU's reason in the log */
export function runQemu(sim: Sim, worker: Worker, guest: Guest): void {
  const complaints = complaintsOfQemu(nodeOf(sim, guest), sim, guest);
  if (complaints.length === 0) return;
  for (const line of complaints) worker.log(line);
  throw failure('start failed: QEMU exited with code 1');
}

function nodeOf(sim: Sim, guest: Guest): NodeState {
  const node = sim.world.nodes[guest.node];
  if (node === undefined) throw new Error(`guest ${guest.vmid} is on node '${guest.node}', which is not there`);
  return node;
}

function checkVirtualisation({ virtualisation }: NodeState, { config }: Guest): void {
  if (virtualisation !== 'none' || config['kvm'] === '0') return;
  throw failure(
    'KVM virtualisation configured, but not available. Either disable in VM configuration or enable in BIOS.',
  );
}

/** What memory hotplug asks for; the config then has what the DIMMs make (pve-behaviour 11.7). */
function checkMemoryHotplug(guest: Guest): void {
  if (!hotplugFeatures(guest).has('memory')) return;
  if (guest.config['numa'] !== '1') throw failure('NUMA needs to be enabled for memory hotplug');
  const memory = memoryMib(guest.config);
  if (memory < BOOT_MEMORY_MIB) throw failure(`minimum memory must be ${BOOT_MEMORY_MIB}MB`);
  guest.config['memory'] = String(dimmBorder(memory));
}

/** Nodes that are laid out by hand have to make up the whole memory. */
function checkNumaNodes({ config }: Guest): void {
  if (config['numa'] !== '1') return;
  const nodes = Object.entries(config).filter(([key]) => /^numa\d$/.test(key));
  const sum = nodes.reduce((all, [, value]) => all + Number(parseProperties(value, 'cpus')['memory'] ?? 0), 0);
  if (sum !== 0 && sum !== memoryMib(config))
    throw failure('total memory for NUMA nodes must be equal to vm static memory');
}

/** The hosts have no devices to pass through. */
function checkPciDevices(worker: Worker, { config }: Guest): void {
  for (const [key, value] of sortedOptions(config)) {
    const host = /^hostpci\d+$/.test(key) ? parseProperties(value, 'host')['host'] : undefined;
    if (host === undefined) continue;
    const text = `no PCI device found for '${host}'`;
    worker.log(text);
    throw failure(text);
  }
}

function checkVolumes(sim: Sim, guest: Guest): void {
  for (const [, { file }] of drivesOf(guest.config)) {
    if (file === 'none' || file === 'cdrom' || file.startsWith('/')) continue;
    checkUsable(requireStorage(sim.world, storageIdOf(file)), guest.node);
    requireVolume(sim.world, guest.node, file);
  }
}

function missingBridge({ bridges }: NodeState, { config }: Guest): string | undefined {
  return Object.entries(config)
    .filter(([key]) => isNicKey(key))
    .map(([, value]) => parseNic(value).options['bridge'])
    .find((bridge) => bridge !== undefined && bridges.every(({ iface }) => iface !== bridge));
}

function complaintsOfQemu(node: NodeState, sim: Sim, guest: Guest): string[] {
  const { config } = guest;
  const bridge = missingBridge(node, guest);
  const argument = unknownArgument(config['args']);
  const odd = misalignedDisk(sim, guest);
  const cpu = parseProperties(config['cpu'] ?? '', 'cputype')['cputype'];
  if (argument !== undefined) return [`kvm: ${argument}: invalid option`];
  if (Number(config['vcpus'] ?? 1) > maxCpus(config)) {
    return ['kvm: Invalid SMP CPUs: maxcpus must be equal to or greater than smp'];
  }
  if (memoryMib(config) * MIB > node.memoryBytes) {
    return ["kvm: cannot set up guest memory 'pc.ram': Cannot allocate memory"];
  }
  if (cpu === 'host' && node.virtualisation === 'emulated') return ["kvm: CPU model 'host' requires KVM or HVF"];
  if (bridge !== undefined) return [`bridge '${bridge}' does not exist`, bridgeScriptFailed(guest)];
  if (odd !== undefined) return [`kvm: drive-${odd}: Image size is not a multiple of request alignment`];
  return [];
}

function bridgeScriptFailed({ vmid, config }: Guest): string {
  const index = Object.keys(config).find(isNicKey)?.slice(3) ?? '0';
  const scripts = '/usr/libexec/qemu-server/pve-bridge';
  const netdev = `-netdev type=tap,id=net${index},ifname=tap${vmid}i${index},script=${scripts},downscript=${scripts}down`;
  return `kvm: ${netdev}: network script ${scripts} failed with status 512`;
}

/** QEMU opens disks with O_DIRECT (pve-behaviour 28.10). */
function misalignedDisk(sim: Sim, guest: Guest): string | undefined {
  const isOdd = (file: string): boolean => (findVolume(sim.world, guest.node, file)?.sizeBytes ?? 0) % (4 * KIB) !== 0;
  return drivesOf(guest.config).find(([key, drive]) => isBusKey(key) && !isCdrom(drive) && isOdd(drive.file))?.[0];
}

const QEMU_OPTIONS = new Set(
  [
    'accel acpitable action add-fd append audio audiodev bios blockdev boot cdrom chardev cpu d debugcon device dfilter',
    'display drive dtb enable-kvm fsdev full-screen fw_cfg gdb global h hda hdb hdc hdd help icount incoming initrd iscsi',
    'k kernel m machine mem-path mem-prealloc mon monitor mtdblock name net netdev nic no-acpi no-fd-bootchk no-hpet',
    'no-reboot no-shutdown no-user-config nodefaults nographic numa object option-rom overcommit parallel pidfile plugin',
    'preconfig qmp qmp-pretty readconfig rtc run-with s S sandbox sd seed serial set shim smbios smp snapshot spice',
    'trace usb usbdevice uuid version vga virtfs virtiofs vnc watchdog watchdog-action writeconfig xen-domid',
  ]
    .join(' ')
    .split(' '),
);

function unknownArgument(args: string | undefined): string | undefined {
  const words = args?.split(/\s+/).filter((word) => word.startsWith('-')) ?? [];
  return words.find((word) => !QEMU_OPTIONS.has(word.replace(/^--?/, '')));
}
