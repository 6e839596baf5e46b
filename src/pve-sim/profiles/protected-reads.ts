// Reads that pveproxy hands to pvedaemon, which runs as root (pve-behaviour 2); every write is handed over as well.
// From the schema's `protected`.
export const PROTECTED_READS: ReadonlySet<string> = new Set([
  '/cluster/status',
  '/nodes/{node}/qemu',
  '/nodes/{node}/qemu/{vmid}/agent/network-get-interfaces',
  '/nodes/{node}/qemu/{vmid}/snapshot',
  '/nodes/{node}/qemu/{vmid}/status/current',
  '/nodes/{node}/storage',
  '/nodes/{node}/storage/{storage}/content',
  '/nodes/{node}/storage/{storage}/content/{volume}',
  '/nodes/{node}/storage/{storage}/status',
  '/nodes/{node}/tasks/{upid}/log',
  '/nodes/{node}/tasks/{upid}/status',
]);
