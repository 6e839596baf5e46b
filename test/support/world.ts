// What a flow test asserts: the state of the world, read past the provider. Two readers of one shape: plain PVE reads,
// which work against a real PVE too, and the simulator's own world, which also knows what no API tells.
import { parseIsoVolume } from '#cloudinit/file-name';
import { readClaim } from '#claim/record';
import type { GuestEntry } from '#pve/cluster/resources';
import { listGuests } from '#pve/cluster/resources';
import type { Pve } from '#pve/connection/pve';
import { asVmid, type NodeName } from '#pve/ids';
import { readConfig } from '#pve/qemu/config';
import { readStatus } from '#pve/qemu/status';
import { listStorages } from '#pve/nodes/storage';
import { listVolumes } from '#pve/storage/volumes';
import type { Simulator } from '#pve-sim/simulator';
import { deadlineIn } from '#runtime/deadline';

export interface VmFacts {
  readonly vmid: number;
  readonly node: string;
  readonly template: boolean;
  readonly running: boolean;
  readonly lock: string | undefined;
  /** Options in force, without lock and digest. */
  readonly config: Readonly<Record<string, string>>;
}

export interface WorldReader {
  /** Every VM, containers left out. */
  vms(): Promise<VmFacts[]>;
  /** Ids of all volumes, `node/volid` for those on local storages. */
  volumes(): Promise<string[]>;
}

/** Through PVE's own interface, with a token that may see everything. */
export function pveWorld(pve: Pve): WorldReader {
  const call = () => deadlineIn(60_000);
  async function facts(guest: GuestEntry): Promise<VmFacts> {
    const [config, status] = await Promise.all([readConfig(pve, guest, call()), readStatus(pve, guest, call())]);
    return {
      vmid: guest.vmid,
      node: guest.node,
      template: config.values['template'] === '1',
      running: status.status === 'running',
      lock: config.lock,
      config: config.values,
    };
  }
  return {
    vms: async () => {
      const guests = (await listGuests(pve, call())).filter((guest) => guest.type === 'qemu');
      return await Promise.all(guests.map(facts));
    },
    volumes: async () => {
      const nodes = await onlineNodes(pve);
      const lists = await Promise.all(nodes.map(async (node) => await volumesOf(pve, node)));
      return [...new Set(lists.flat())].sort();
    },
  };
}

async function onlineNodes(pve: Pve): Promise<NodeName[]> {
  const rows = (await pve.get('/nodes', deadlineIn(60_000))) as { node: string; status: string }[];
  return rows.filter((row) => row.status === 'online').map((row) => row.node as NodeName);
}

async function volumesOf(pve: Pve, node: NodeName): Promise<string[]> {
  const call = deadlineIn(60_000);
  const storages = (await listStorages(pve, node, call)).filter((storage) => storage.active);
  const lists = await Promise.all(
    storages.map(async ({ storage, shared }) => {
      const volumes = await listVolumes(pve, { node, storage }, call);
      return volumes.map(({ volid }) => (shared ? volid : `${node}/${volid}`));
    }),
  );
  return lists.flat();
}

/** The simulator's world as it is, without a request. */
export function simWorld(sim: Simulator): WorldReader {
  return {
    vms: async () =>
      await Promise.resolve(
        Object.values(sim.world.guests)
          .filter((guest) => guest.type === 'qemu')
          .map((guest) => {
            const { lock, ...config } = guest.config;
            return {
              vmid: guest.vmid,
              node: guest.node,
              template: config['template'] === '1',
              running: guest.run !== undefined,
              lock,
              config,
            };
          }),
      ),
    volumes: async () =>
      await Promise.resolve(
        Object.values(sim.world.volumes)
          .map(({ node, volid }) => (node === undefined ? volid : `${node}/${volid}`))
          .sort(),
      ),
  };
}

/** VMs with a claim of a provider's, by the name they were made for. */
export async function claimedVms(world: WorldReader, name?: string): Promise<(VmFacts & { state: string })[]> {
  return (await world.vms()).flatMap((vm) => {
    const reading = readClaim(vm.config['description']);
    const isOurs = reading.kind === 'claim' && reading.claim.vmid === asVmid(vm.vmid);
    return isOurs && (name === undefined || reading.claim.name === name) ? [{ ...vm, state: reading.claim.state }] : [];
  });
}

/** Volumes that were made by a provider: disks of VMs outside `before`, and cloud-init ISOs. */
export function newVolumes(before: readonly string[], after: readonly string[]): string[] {
  return after.filter((volume) => !before.includes(volume));
}

export function isSeedIso(volume: string): boolean {
  return parseIsoVolume(volume.replace(/^[^/:]+\//, '')) !== undefined;
}

/** Disks and cloud-init ISOs that no configuration names, as `node/volid`. */
export function strayVolumes(sim: Simulator): string[] {
  const named = new Set(
    Object.values(sim.world.guests).flatMap((guest) => Object.values(guest.config).map((value) => value.split(',')[0])),
  );
  return Object.values(sim.world.volumes)
    .filter(({ volid, vmid }) => vmid !== undefined || parseIsoVolume(volid) !== undefined)
    .filter(({ volid }) => !named.has(volid))
    .map(({ node, volid }) => (node === undefined ? volid : `${node}/${volid}`));
}
