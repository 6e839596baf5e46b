// Network cards of a running guest (pve-behaviour 11.5): the host's side of a card changes live, the card itself is plugged.
import { failure } from '../pve-error.ts';
import { profileOfNode } from '../profiles/profile-of-node.ts';
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
    const missing = missingBridge(change, nic);
    const isReplugged = TAP_OPTIONS.some((name) => nic.options[name] !== old.options[name]);
    if (isReplugged && missing !== undefined) throw failure(`bridge '${missing}' does not exist`);
    return true;
  }
  if (!mayPlug) return false;
  if (old !== undefined) await unplugDevice(change, key);
  const missing = missingBridge(change, nic);
  if (missing !== undefined) throw failure(noBridgeText(change, missing));
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

function missingBridge({ sim, guest }: Change, nic: Nic): string | undefined {
  const { bridge } = nic.options;
  const known = sim.world.nodes[guest.node]?.bridges ?? [];
  return known.some(({ iface }) => iface === bridge) ? undefined : bridge;
}

/** Where nobody looks before, the script fails that QEMU calls (pve-behaviour 22). */
function noBridgeText({ sim, guest }: Change, bridge: string): string {
  if (profileOfNode(sim.world, guest.node).has('bridgesCheckedBeforeStart')) return `bridge '${bridge}' does not exist`;
  const script = '/usr/libexec/qemu-server/pve-bridge-hotplug';
  return `VM ${guest.vmid} qmp command 'netdev_add' failed - network script ${script} failed with status 512`;
}
