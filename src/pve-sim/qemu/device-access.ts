// Serial ports, USB and PCI devices: the right to them depends on whether the value names a device of the host, which is
// root's, a mapped one, or none (pve-behaviour 5.3, 5.4).
import { isRoot } from '../access/root.ts';
import { requirePrivilege } from '../access/rules.ts';
import { failure } from '../pve-error.ts';
import { parseProperties } from '../world/property-string.ts';
import type { Change } from './change.ts';

const SERIAL = /^serial\d$/;
const USB = /^usb\d+$/;
const PCI = /^hostpci\d+$/;

/** Whether the right to the option is asked by its value. */
export function isDeviceKey(key: string): boolean {
  return SERIAL.test(key) || USB.test(key) || PCI.test(key);
}

/** A device of the host as such, neither mapped nor emulated. */
export function isHostDevice(key: string, value: string): boolean {
  if (SERIAL.test(key)) return value !== 'socket';
  if (USB.test(key)) return !/^(?:host=)?spice(?:,|$)/i.test(value) && mappingOf(value) === undefined;
  return PCI.test(key) && mappingOf(value) === undefined;
}

export function hostDeviceWords(key: string): string {
  return PCI.test(key) ? 'non-mapped devices' : 'real devices';
}

type Asker = Pick<Change, 'sim' | 'user' | 'guest'>;

/** @param values the value in the config, if any, and the new one. @throws 403, or 500 `only root can ...` */
export function checkDevice(asker: Asker, action: 'set' | 'delete', key: string, values: readonly string[]): void {
  const { sim, user, guest } = asker;
  if (!isDeviceKey(key) || isRoot(user)) return;
  if (values.some((value) => isHostDevice(key, value))) {
    throw failure(`only root can ${verb(action, key)} '${key}' config for ${hostDeviceWords(key)}`);
  }
  requirePrivilege(sim.world, user, `/vms/${guest.vmid}`, ['VM.Config.HWType']);
  const kind = USB.test(key) ? 'usb' : 'pci';
  for (const mapping of values.map(mappingOf)) {
    if (mapping !== undefined) requirePrivilege(sim.world, user, `/mapping/${kind}/${mapping}`, ['Mapping.Use']);
  }
}

function verb(action: 'set' | 'delete', key: string): string {
  if (!SERIAL.test(key)) return 'set';
  return action === 'set' ? 'modify' : 'delete';
}

function mappingOf(value: string): string | undefined {
  return parseProperties(value)['mapping'];
}
