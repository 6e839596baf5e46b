// Starting a guest (pve-behaviour 12): pending changes become current, then QEMU runs.
import { withConfigLock } from '../locks/config-lock.ts';
import { failure } from '../pve-error.ts';
import type { Sim } from '../sim.ts';
import type { Worker } from '../tasks/worker.ts';
import { writeDrive } from '../cloudinit/drive.ts';
import { drivesOf } from '../world/drive.ts';
import { checkNoLock, isTemplate, requireQemu } from '../world/guests.ts';
import { isNicKey, parseNic } from '../world/net.ts';
import { MIB } from '../world/size.ts';
import { checkUsable, findVolume, requireStorage } from '../world/volumes.ts';
import type { Guest } from '../world/world.ts';
import { applyPending } from './apply-pending.ts';
import { hotplugFeatures } from './hotplug.ts';
import { BOOT_MEMORY_MIB, dimmBorder } from './memory-hotplug.ts';
import { bootRun } from './boot-guest.ts';
import { maxCpus, memoryMib } from './guest-status.ts';

/** @returns the UPID */
export function forkStart(sim: Sim, node: string, vmid: number, user: string): string {
  return sim.tasks.fork(
    { node, type: 'qmstart', id: String(vmid), user },
    async (worker) => await runStart(sim, worker, node, vmid),
  );
}

async function runStart(sim: Sim, worker: Worker, node: string, vmid: number): Promise<void> {
  await withConfigLock(sim, worker, { node, vmid }, async () => {
    const guest = requireQemu(sim.world, node, vmid);
    if (isTemplate(guest)) throw failure("you can't start a vm if it's a template");
    checkNoLock(guest, 'suspended');
    if (guest.run !== undefined) throw failure(`VM ${vmid} already running`);
    delete guest.config['lock'];
    await applyPending({ sim, process: worker, user: worker.user, guest });
    await writeDrive(sim, worker, guest);
    checkCanRun(sim, worker, guest);
    await worker.work(sim.durations.startMs);
    guest.run = bootRun(sim, guest);
  });
}

function checkCanRun(sim: Sim, worker: Worker, guest: Guest): void {
  const node = sim.world.nodes[guest.node];
  if (node === undefined) return;
  const drives = drivesOf(guest.config);
  for (const [, { file }] of drives) {
    if (file === 'none' || file === 'cdrom' || file.startsWith('/')) continue;
    checkUsable(requireStorage(sim.world, file.slice(0, file.indexOf(':'))), guest.node);
    if (findVolume(sim.world, guest.node, file) === undefined) throw failure(`volume '${file}' does not exist`);
  }
  if (maxCpus(guest.config) > node.cpus) throw failure(`MAX ${node.cpus} vcpus allowed per VM on this node`);
  checkMemory(worker, guest, node.memoryBytes);
  if (Number(guest.config['vcpus'] ?? 1) > maxCpus(guest.config)) {
    throw failure('start failed: QEMU exited with code 1');
  }
  if (guest.config['bios'] === 'ovmf' && guest.config['efidisk0'] === undefined) {
    worker.warn('no efidisk configured! Using temporary efivars disk.');
  }
  checkBridges(
    node.bridges.map((bridge) => bridge.iface),
    guest,
  );
}

/** What memory hotplug asks for (pve-behaviour 11.7), and what the host has. */
function checkMemory(worker: Worker, guest: Guest, hostBytes: number): void {
  if (hotplugFeatures(guest).has('memory')) {
    if (guest.config['numa'] !== '1') throw failure('NUMA needs to be enabled for memory hotplug');
    const memory = memoryMib(guest.config);
    if (memory < BOOT_MEMORY_MIB) throw failure(`minimum memory must be ${BOOT_MEMORY_MIB}MB`);
    guest.config['memory'] = String(dimmBorder(memory));
  }
  if (memoryMib(guest.config) * MIB <= hostBytes) return;
  worker.log("kvm: cannot set up guest memory 'pc.ram': Cannot allocate memory");
  throw failure('start failed: QEMU exited with code 1');
}

function checkBridges(known: readonly string[], guest: Guest): void {
  for (const [key, value] of Object.entries(guest.config)) {
    const bridge = isNicKey(key) ? parseNic(value).options['bridge'] : undefined;
    if (bridge !== undefined && !known.includes(bridge)) throw failure(`bridge '${bridge}' does not exist`);
  }
}
