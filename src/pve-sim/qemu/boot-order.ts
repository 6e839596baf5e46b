// The boot option: an explicit order of devices, or letters as before 6.2 (pve-behaviour 21).
import { isDriveKey } from '../world/drive.ts';
import { parseProperties } from '../world/property-string.ts';
import { splitList } from '../world/lists.ts';

/** The devices of an explicit order; none where there is no such order. */
export function bootOrder(boot: string | undefined): string[] {
  return splitList(parseProperties(boot ?? '')['order'] ?? '');
}

/** An order of nothing is an empty value, which reads back as a blank. */
export function formatBootOrder(devices: readonly string[]): string {
  return devices.length === 0 ? ' ' : `order=${devices.join(';')}`;
}

/** The disks a guest boots from: those in its order, else the one that older configs name. */
export function bootDisks(config: Readonly<Record<string, string>>): string[] {
  const order = bootOrder(config['boot']);
  if (order.length > 0) return order.filter(isDriveKey);
  return config['bootdisk'] === undefined ? [] : [config['bootdisk']];
}
