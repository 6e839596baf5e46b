// QEMU's human monitor: keys sent to a guest, and the few commands it answers here (pve-behaviour 19).
import { type ConfigLock, withConfigLock } from '../locks/config-lock.ts';
import type { Process } from '../process.ts';
import { failure } from '../pve-error.ts';
import type { Sim } from '../sim.ts';
import { requireQemu } from '../world/guests.ts';
import { words } from '../world/words.ts';
import { qemuOfNode } from '../profiles/profile-of-node.ts';

const KEY = /^(?:[a-z0-9]|f(?:[1-9]|1[0-2])|0x[0-9a-f]+)$/;
const NAMED_KEYS = new Set(
  words(
    'shift shift_r alt alt_r ctrl ctrl_r menu esc minus equal backspace tab ret spc bracket_left bracket_right semicolon',
    'apostrophe grave_accent backslash comma dot slash asterisk caps_lock num_lock scroll_lock kp_divide kp_multiply',
    'kp_subtract kp_add kp_enter kp_decimal sysrq print home pgup pgdn end left up down right insert delete meta_l meta_r',
  ),
);

/** @throws QEMU's complaint about the key */
export async function sendKey(sim: Sim, process: Process, target: ConfigLock, keys: string): Promise<void> {
  const { node, vmid } = target;
  await withConfigLock(sim, process, target, async () => {
    const { run } = await Promise.resolve(requireQemu(sim.world, node, vmid));
    if (run === undefined) throw failure(`VM ${vmid} not running`);
    const unknown = keys.split('-').find((key) => !KEY.test(key) && !NAMED_KEYS.has(key));
    if (unknown !== undefined) throw failure(`invalid parameter: ${unknown}\r`);
  });
}

/** What goes wrong is part of the answer's text. */
export function humanMonitor(sim: Sim, node: string, vmid: number, command: string): string {
  const { run } = requireQemu(sim.world, node, vmid);
  if (run === undefined) return `ERROR: VM ${vmid} not running\n`;
  switch (command.trim()) {
    case 'info status':
      return `VM status: ${run.qmpStatus}\r\n`;
    case 'info version':
      return `${qemuOfNode(sim.world, node)}\r\n`;
    default:
      return `unknown command: '${command.trim().split(/\s+/)[0] ?? ''}'\r\n`;
  }
}
