import type { Deadline } from '#runtime/deadline';
import { asRow, asRows, flagOf, numberOf, type Row, textOf } from '../answer.ts';
import type { Pve } from '../connection/pve.ts';
import { isNodeLost } from '../errors.ts';
import { saidBy } from '../said.ts';
import { type VmAt, vmPath } from './vm.ts';

export interface GuestInterface {
  /** The guest's own name for it: `eth0`. */
  readonly name: string;
  /** Upper-case, as in our NICs. */
  readonly mac: string | undefined;
  readonly addresses: readonly GuestAddress[];
}

export interface GuestAddress {
  readonly address: string;
  readonly prefix: number | undefined;
}

const MIB = 1024 ** 2;

/** `silent`: nothing answers in the guest, or the guest is off. `not-configured`: PVE was not told of an agent. */
export type AgentSilence = 'silent' | 'not-configured';

/**
 * The network interfaces of the guest, loopback and link-local included (pve-behaviour 17). Never waited for: a
 * silent agent is an answer. It costs PVE about 3 s of a worker, so do not ask often.
 */
export async function networkInterfaces(
  pve: Pve,
  vm: VmAt,
  call: Deadline,
): Promise<readonly GuestInterface[] | AgentSilence> {
  const result = await askAgent(pve, vm, 'network-get-interfaces', call);
  if (result === 'silent' || result === 'not-configured') return result;
  return Array.isArray(result) ? asRows(result, 'interfaces').map(guestInterface) : 'silent';
}

/** CPUs that the guest uses. */
export async function onlineCpus(pve: Pve, vm: VmAt, call: Deadline): Promise<number | AgentSilence> {
  return countOnline(await askAgent(pve, vm, 'get-vcpus', call));
}

/** Memory that the guest uses, MiB. */
export async function onlineMemoryMib(pve: Pve, vm: VmAt, call: Deadline): Promise<number | AgentSilence> {
  const blocks = countOnline(await askAgent(pve, vm, 'get-memory-blocks', call));
  if (typeof blocks === 'string') return blocks;
  const info = await askAgent(pve, vm, 'get-memory-block-info', call);
  if (info === 'silent' || info === 'not-configured') return info;
  const bytes = numberOf(asRow(info, 'memory blocks'), 'size');
  return bytes === undefined ? 'silent' : Math.floor((blocks * bytes) / MIB);
}

function countOnline(result: unknown): number | AgentSilence {
  if (result === 'silent' || result === 'not-configured') return result;
  return Array.isArray(result)
    ? asRows(result, 'agent answer').filter((row) => flagOf(row, 'online')).length
    : 'silent';
}

/** What stands in `result`: an error of the agent itself is a success of PVE's, with an object in the place of a list. */
async function askAgent(pve: Pve, vm: VmAt, command: string, call: Deadline): Promise<unknown> {
  try {
    return asRow(await pve.get(`${vmPath(vm)}/agent/${command}`, call), 'agent answer')['result'];
  } catch (error) {
    const silence = silenceOf(error);
    if (silence === undefined) throw error;
    return silence;
  }
}

function silenceOf(error: unknown): AgentSilence | undefined {
  const kind = saidBy(error)?.kind;
  if (kind === 'agent-not-configured') return 'not-configured';
  return kind === 'agent-silent' || kind === 'stopped' || isNodeLost(error) ? 'silent' : undefined;
}

function guestInterface(row: Row): GuestInterface {
  const addresses = Array.isArray(row['ip-addresses']) ? asRows(row['ip-addresses'], 'addresses') : [];
  return {
    name: textOf(row, 'name') ?? '',
    mac: textOf(row, 'hardware-address')?.toUpperCase(),
    addresses: addresses.flatMap((entry) => {
      const address = textOf(entry, 'ip-address');
      return address === undefined ? [] : [{ address, prefix: numberOf(entry, 'prefix') }];
    }),
  };
}
