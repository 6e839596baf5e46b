// The guest agent (pve-behaviour 17): preconditions in PVE's order, then what the system inside answers.
import { failure } from '../pve-error.ts';
import type { Sim } from '../sim.ts';
import { requireQemu } from '../world/guests.ts';
import { isNicKey, parseNic } from '../world/net.ts';
import type { Guest, GuestAddress, GuestRun } from '../world/world.ts';
import { agentEnabled } from './guest-status.ts';

/** @throws 500, the last one after the 3 s that PVE waits for a silent agent */
export async function requireAgent(sim: Sim, node: string, vmid: number): Promise<{ guest: Guest; run: GuestRun }> {
  const guest = requireQemu(sim.world, node, vmid);
  if (guest.config['agent'] === undefined) throw failure('No QEMU guest agent configured');
  const { run } = guest;
  if (run === undefined) throw failure(`VM ${vmid} is not running`);
  const listens = agentEnabled(guest.config) && guest.behaviour.agent === 'answers' && run.qmpStatus === 'running';
  if (!listens || sim.clock.now() < run.bootedAt) {
    await sim.pace.wait(sim.durations.agentTimeoutMs);
    throw failure('QEMU guest agent is not running');
  }
  return { guest, run };
}

export interface GuestInterface {
  readonly name: string;
  readonly 'hardware-address'?: string;
  readonly 'ip-addresses': readonly { 'ip-address': string; 'ip-address-type': string; prefix: number }[];
}

const LOOPBACK: GuestInterface = {
  name: 'lo',
  'hardware-address': '00:00:00:00:00:00',
  'ip-addresses': [
    { 'ip-address': '127.0.0.1', 'ip-address-type': 'ipv4', prefix: 8 },
    { 'ip-address': '::1', 'ip-address-type': 'ipv6', prefix: 128 },
  ],
};

const DOCKER: GuestInterface = {
  name: 'docker0',
  'hardware-address': '02:42:8d:01:02:03',
  'ip-addresses': [{ 'ip-address': '172.17.0.1', 'ip-address-type': 'ipv4', prefix: 16 }],
};

export function guestInterfaces(guest: Guest, run: GuestRun): GuestInterface[] {
  const nics = Object.entries(guest.config)
    .filter(([key]) => isNicKey(key))
    .toSorted(([a], [b]) => Number(a.slice(3)) - Number(b.slice(3)))
    .map(([key, value]) => nicInterface(`eth${key.slice(3)}`, (parseNic(value).mac ?? '').toLowerCase(), run));
  return [LOOPBACK, ...nics, ...(guest.behaviour.docker ? [DOCKER] : [])];
}

function nicInterface(name: string, mac: string, run: GuestRun): GuestInterface {
  return { name, 'hardware-address': mac, 'ip-addresses': (run.addresses[mac] ?? []).map(agentAddress) };
}

function agentAddress(address: GuestAddress): GuestInterface['ip-addresses'][number] {
  return { 'ip-address': address.address, 'ip-address-type': address.type, prefix: address.prefix };
}
