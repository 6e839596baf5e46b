// The QEMU a node has installed, and the machine type a guest gets from it.
import { failure } from '../pve-error.ts';
import { qemuOfNode } from '../profiles/profile-of-node.ts';
import type { Sim } from '../sim.ts';
import { parseProperties } from '../world/property-string.ts';
import type { Guest, World } from '../world/world.ts';

/** `pc-i440fx-9.2+pve0`: a type without a version means the newest. Only PVE's own builds of QEMU have `+pve` types. */
export function runningMachine({ world }: Pick<Sim, 'world'>, { node, config }: Guest): string {
  const type = machineType(config);
  if (/-\d+\.\d+/.test(type)) return type;
  const family = type === 'pc' ? 'pc-i440fx' : type === 'q35' ? 'pc-q35' : type;
  const isPveBuild = world.nodes[node]?.qemu === undefined;
  return `${family}-${shortVersion(qemuOfNode(world, node))}${isPveBuild ? '+pve0' : ''}`;
}

/** @throws where the guest's type is newer than the node's QEMU */
export function checkMachine(world: World, { node, config }: Guest): void {
  const type = machineType(config);
  const wanted = /-(\d+)\.(\d+)/.exec(type);
  if (wanted === null) return;
  const installed = qemuOfNode(world, node);
  const [major = 0, minor = 0] = installed.split('.').map(Number);
  if (Number(wanted[1]) < major || (Number(wanted[1]) === major && Number(wanted[2]) <= minor)) return;
  const full = type.includes('+pve') ? type : `${type}+pve0`;
  throw failure(
    `Installed QEMU version '${installed}' is too old to run machine type '${full}', please upgrade node '${node}'`,
  );
}

function machineType(config: Readonly<Record<string, string>>): string {
  return parseProperties(config['machine'] ?? 'pc', 'type')['type'] ?? 'pc';
}

function shortVersion(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}
