// A node's interfaces: what runs, and what `/etc/network/interfaces.new` would make of it (pve-behaviour 19).
import { parameterError } from '../pve-error.ts';
import type { Bridge, NetInterface, NodeState } from '../world/world.ts';

/** What will run once the changes are applied. */
export function plannedInterfaces(node: NodeState): Readonly<Record<string, NetInterface>> {
  return node.newInterfaces ?? node.interfaces;
}

/** @throws 400 where the interface is there already, or is not */
export function planInterface(node: NodeState, iface: string, change: NetInterface | 'delete', isNew: boolean): void {
  const planned = { ...plannedInterfaces(node) };
  if (isNew === (planned[iface] !== undefined))
    throw parameterError({ iface: isNew ? 'interface already exists' : 'interface does not exist' });
  if (change === 'delete') delete planned[iface];
  else planned[iface] = change;
  node.newInterfaces = planned;
}

/** What runs are the plans from now on. */
export function applyInterfaces(node: NodeState): void {
  node.interfaces = plannedInterfaces(node);
  node.newInterfaces = undefined;
  const own = Object.entries(node.interfaces)
    .filter(([, { type }]) => type === 'bridge' || type === 'OVSBridge')
    .map(([iface, { options }]) => asBridge(iface, options));
  node.bridges = [...own, ...node.bridges.filter(({ zone }) => zone !== undefined)];
}

function asBridge(iface: string, options: NetInterface['options']): Bridge {
  const { bridge_ports: ports, cidr, gateway } = options;
  return {
    iface,
    vlanAware: options['bridge_vlan_aware'] === '1',
    ...(ports === undefined ? {} : { ports }),
    ...(cidr === undefined ? {} : { cidr }),
    ...(gateway === undefined ? {} : { gateway }),
  };
}

/** A bridge of a cluster's data as an interface. */
export function fromBridge({ vlanAware, ports, cidr, gateway }: Bridge): NetInterface {
  return {
    type: 'bridge',
    options: {
      autostart: '1',
      bridge_ports: ports ?? '',
      ...(vlanAware ? { bridge_vlan_aware: '1' } : {}),
      ...(cidr === undefined ? {} : { cidr }),
      ...(gateway === undefined ? {} : { gateway }),
    },
  };
}

/** The first interface of the file comes behind the loopback and what includes other files. */
const FIRST_PRIORITY = 3;
const NUMBERS = new Set(['autostart', 'bridge_vlan_aware', 'mtu', 'ovs_tag', 'vlan-id']);

/** As `GET .../network` shows it, without its name (recording one-node/20). */
export function interfaceView(node: NodeState, iface: string): Record<string, unknown> {
  const planned = plannedInterfaces(node);
  const { type, options } = planned[iface] ?? { type: 'unknown', options: {} };
  const [address, netmask] = options['cidr']?.split('/') ?? [];
  const [address6, netmask6] = options['cidr6']?.split('/') ?? [];
  const isActive = node.interfaces[iface] !== undefined;
  return {
    type,
    ...(isActive ? { active: 1, exists: type === 'eth' ? 1 : undefined } : {}),
    method: address === undefined ? 'manual' : 'static',
    method6: address6 === undefined ? 'manual' : 'static',
    families: ['inet', ...(address6 === undefined ? [] : ['inet6'])],
    priority: FIRST_PRIORITY + Object.keys(planned).indexOf(iface),
    ...(type === 'bridge' ? { bridge_stp: 'off', bridge_fd: '0' } : {}),
    ...Object.fromEntries(
      Object.entries(options).map(([key, value]) => [key, NUMBERS.has(key) ? Number(value) : value]),
    ),
    ...(address === undefined ? {} : { address, netmask }),
    ...(address6 === undefined ? {} : { address6, netmask6: Number(netmask6) }),
  };
}

/** The difference that waits to be applied, as text; undefined where there is none. */
export function pendingChanges(node: NodeState): string | undefined {
  if (node.newInterfaces === undefined) return undefined;
  const [before, after] = [linesOf(node.interfaces), linesOf(node.newInterfaces)];
  const removed = before.filter((line) => !after.includes(line)).map((line) => `-${line}`);
  const added = after.filter((line) => !before.includes(line)).map((line) => `+${line}`);
  const head = ['--- /etc/network/interfaces', '+++ /etc/network/interfaces.new'];
  return [...head, ...removed, ...added, ''].join('\n');
}

function linesOf(interfaces: Readonly<Record<string, NetInterface>>): string[] {
  return Object.entries(interfaces).flatMap(([iface, { options }]) => [
    `iface ${iface} inet ${options['cidr'] === undefined ? 'manual' : 'static'}`,
    ...Object.entries(options).map(([key, value]) => `\t${key.replaceAll('_', '-')} ${value} # ${iface}`),
  ]);
}
