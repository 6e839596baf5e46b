// Network cards of a running guest (pve-behaviour 11.5): the host's side of a card changes live, the card itself is plugged.
import { failure } from '../pve-error.ts';
import { type Nic, parseNic } from '../world/net.ts';
import type { Change } from './change.ts';
import { unplugDevice } from './drive-hotplug.ts';

const TAP_OPTIONS = ['bridge', 'tag', 'trunks', 'firewall'];

/** @returns false where the change waits for the next start. @throws why it failed */
export async function plugNic(change: Change, mayPlug: boolean, key: string, value: string): Promise<boolean> {
  const nic = parseNic(value);
  const oldValue = change.guest.config[key];
  const old = oldValue === undefined ? undefined : parseNic(oldValue);
  if (old !== undefined && isSameCard(nic, old)) {
    if (TAP_OPTIONS.some((name) => nic.options[name] !== old.options[name])) checkBridge(change, nic);
    return true;
  }
  if (!mayPlug) return false;
  if (old !== undefined) await unplugDevice(change, key);
  checkBridge(change, nic);
  await change.process.work(change.sim.durations.hotplugMs);
  return true;
}

/** With a bridge on both sides; a card without one is another kind of network. */
function isSameCard(nic: Nic, old: Nic): boolean {
  const hasBridges = nic.options['bridge'] !== undefined && old.options['bridge'] !== undefined;
  return hasBridges && cardOf(nic) === cardOf(old);
}

function cardOf({ model, mac, options }: Nic): string {
  return [model, mac, options['queues'], options['mtu']].join('|');
}

function checkBridge({ sim, guest }: Change, nic: Nic): void {
  const { bridge } = nic.options;
  const known = sim.world.nodes[guest.node]?.bridges ?? [];
  if (bridge === undefined || known.some(({ iface }) => iface === bridge)) return;
  throw failure(`bridge '${bridge}' does not exist`);
}
