// Which options of a guest's config are numbers in JSON (pve-behaviour 1.6): integers and booleans are, all else is text.

const NUMERIC = new Set(
  [
    'acpi allow-ksm autostart balloon ciupgrade cores cpuunits freeze keephugepages kvm localtime migrate_speed numa',
    'onboot protection reboot shares smp snaptime sockets tablet tdf template vcpus',
  ]
    .join(' ')
    .split(' '),
);

export function jsonValue(option: string, text: string): string | number {
  return NUMERIC.has(option) && /^[+-]?\d+$/.test(text) ? Number(text) : text;
}
