// Devices of the host that a guest uses: with one of them it cannot leave (pve-behaviour 19).
const DEVICE = /^(?:hostpci|usb|serial|parallel)\d+$|^ivshmem$/;
/** What does not lie on the host, although its key looks like it. */
const VIRTUAL = /^(?:socket|spice(?:,.*)?)$/;

/** Their keys. */
export function localResources(config: Readonly<Record<string, string>>): string[] {
  return Object.entries(config)
    .filter(([key, value]) => DEVICE.test(key) && !VIRTUAL.test(value))
    .map(([key]) => key)
    .toSorted();
}
