// Console tickets and the websocket behind them (pve-behaviour 19). Whoever is asked opens the console, for other nodes too.
import { perm } from '../access/rules.ts';
import { isVncTicket } from '../access/tickets.ts';
import { failure, PveError } from '../pve-error.ts';
import { isConsoleOpen, openConsole, openTerminal } from '../qemu/console.ts';
import { guestParams } from '../schema/endpoint-params.ts';
import { addressFormat } from '../schema/formats.ts';
import { choice, flag, integer, optional, text } from '../schema/property.ts';
import { requireQemu } from '../world/guests.ts';
import { type Call, type Endpoint, isOn, needInt, needText, textParam } from './endpoint.ts';

const BASE = '/nodes/{node}/qemu/{vmid}';
const right = perm('/vms/{vmid}', 'VM.Console');

export const QEMU_CONSOLE: readonly Endpoint[] = [
  {
    method: 'POST',
    path: `${BASE}/vncproxy`,
    params: { ...guestParams, 'generate-password': flag(), websocket: flag() },
    allow: right,
    stays: true,
    handle: async (call) => {
      const { sim, params } = call;
      const opened = await openConsole(sim, requestOf(call));
      const password = isOn(params, 'generate-password') ? { password: sim.random.hex(8) } : {};
      return { ...opened, cert: sim.ca, ...password };
    },
  },
  {
    method: 'POST',
    path: `${BASE}/termproxy`,
    params: { ...guestParams, serial: optional(choice('serial0', 'serial1', 'serial2', 'serial3')) },
    allow: right,
    stays: true,
    handle: async (call) => await openTerminal(call.sim, requestOf(call), textParam(call.params, 'serial')),
  },
  {
    method: 'POST',
    path: `${BASE}/spiceproxy`,
    params: { ...guestParams, proxy: optional(text({ format: addressFormat })) },
    allow: right,
    handle: openSpice,
  },
  {
    method: 'GET',
    path: `${BASE}/vncwebsocket`,
    params: { ...guestParams, port: integer({ minimum: 5900, maximum: 5999 }), vncticket: text({ maxLength: 512 }) },
    allow: right,
    stays: true,
    handle: checkWebsocket,
  },
];

function requestOf({ params, user }: Call): { node: string; vmid: number; user: string } {
  return { node: needText(params, 'node'), vmid: needInt(params, 'vmid'), user };
}

/** @throws 401 for a ticket of somebody else or of another guest */
function checkWebsocket(call: Call): { port: number } {
  const { sim, params, user } = call;
  const { node, vmid } = requestOf(call);
  const port = needInt(params, 'port');
  if (!isVncTicket(sim, needText(params, 'vncticket'), user, `/vms/${vmid}`))
    throw new PveError(401, 'permission denied - invalid PVEVNC ticket');
  if (!isConsoleOpen(sim, node, port)) throw failure(`connect to 'localhost:${port}' failed: Connection refused`);
  return { port };
}

function openSpice(call: Call): Record<string, unknown> {
  const { sim, params } = call;
  const { node, vmid } = requestOf(call);
  const guest = requireQemu(sim.world, node, vmid);
  if (guest.run === undefined) throw failure(`VM ${vmid} is not running`);
  if (guest.config['vga']?.startsWith('qxl') !== true) throw failure('no spice port');
  return {
    type: 'spice',
    title: `VM ${vmid} - ${guest.config['name'] ?? ''}`,
    proxy: `http://${textParam(params, 'proxy') ?? node}:3128`,
    host: `pvespiceproxy:${sim.random.hex(8)}:${vmid}:${node}::${sim.random.hex(40)}`,
    password: sim.random.hex(20),
    'tls-port': 61_000,
    'host-subject': `OU=PVE Cluster Node,O=Proxmox Virtual Environment,CN=${node}`,
    ca: sim.ca.replaceAll('\n', '\\n'),
    'delete-this-file': 1,
    'release-cursor': 'Ctrl+Alt+R',
    'secure-attention': 'Ctrl+Alt+Ins',
    'toggle-fullscreen': 'Shift+F11',
  };
}
