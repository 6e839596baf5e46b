// Consoles: a proxy that waits for one connection, and the ticket that opens it (pve-behaviour 19).
import { issueVncTicket } from '../access/tickets.ts';
import { failure } from '../pve-error.ts';
import type { Sim } from '../sim.ts';
import { requireQemu } from '../world/guests.ts';
import type { Guest } from '../world/world.ts';

export interface ConsoleRequest {
  readonly node: string;
  readonly vmid: number;
  readonly user: string;
}

const FIRST_PORT = 5900;
const PORTS = 100;

/** @throws 500 for a guest that does not run: nobody opens the port */
export async function openConsole(sim: Sim, request: ConsoleRequest): Promise<Record<string, unknown>> {
  const { node, vmid, user } = request;
  const guest = requireQemu(sim.world, node, vmid);
  const port = freePort(sim, node);
  const upid = sim.tasks.fork({ node, type: 'vncproxy', id: String(vmid), user }, async (worker) => {
    await worker.wait(sim.durations.consoleWaitMs);
    throw failure('connection timed out');
  });
  if (guest.run === undefined) {
    await sim.pace.wait(sim.durations.consolePortMs);
    throw failure(`Timeout while waiting for port '${port}' to get ready!`);
  }
  openPorts(sim).set(`${node}:${port}`, upid);
  return { user, ticket: issueVncTicket(sim, user, `/vms/${vmid}`), port, upid };
}

/** @throws 500 without a serial port of that name */
export async function openTerminal(
  sim: Sim,
  request: ConsoleRequest,
  serial: string | undefined,
): Promise<Record<string, unknown>> {
  const guest = requireQemu(sim.world, request.node, request.vmid);
  const wanted = serial ?? serialOf(guest);
  if (wanted === undefined || guest.config[wanted] === undefined) throw failure('unable to find a serial interface');
  return await openConsole(sim, request);
}

function serialOf({ config }: Guest): string | undefined {
  const vga = /^serial\d/.exec(config['vga'] ?? '')?.[0];
  return vga ?? Object.keys(config).find((key) => /^serial\d$/.test(key));
}

const ports = new WeakMap<Sim, Map<string, string>>();

/** UPIDs by node and port. */
function openPorts(sim: Sim): Map<string, string> {
  const known = ports.get(sim) ?? new Map<string, string>();
  ports.set(sim, known);
  return known;
}

export function isConsoleOpen(sim: Sim, node: string, port: number): boolean {
  const upid = openPorts(sim).get(`${node}:${port}`);
  return upid !== undefined && sim.world.tasks[upid]?.exitstatus === undefined;
}

function freePort(sim: Sim, node: string): number {
  const taken = (port: number): boolean => isConsoleOpen(sim, node, port);
  const all = Array.from({ length: PORTS }, (_, index) => FIRST_PORT + index);
  const free = all.find((port) => !taken(port));
  if (free === undefined) throw failure('unable to find free port (5900-6000)');
  return free;
}
