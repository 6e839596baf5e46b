// A flow whose cluster changes at exact moments of an operation, and what has to be true of it in the end.
import { expect } from 'vitest';
import { slotsFor } from '#claim/slots';
import type { Owner } from '#domain/owner';
import { cutNetwork } from '#pve-sim/nodes/power';
import type { ProviderClient } from '#rpc/client';
import { deadlineIn } from '#runtime/deadline';
import { type Flow, type FlowOptions, startFlow } from './flow.ts';
import { writesSince } from './journal.ts';
import { createMoments, type Moments } from './moments.ts';
import { outcomeOf } from './outcome.ts';
import { type CreateParts, createRequest } from './requests.ts';
import { until } from './until.ts';
import { claimedVms, strayVolumes } from './world.ts';

export interface Stage extends Flow {
  readonly moments: Moments;
}

export const forever = deadlineIn(Number.POSITIVE_INFINITY);

export async function startStage(options: FlowOptions = {}): Promise<Stage> {
  const moments = createMoments();
  const simulator = { timeScale: 200, record: moments.record, ...options.simulator };
  return { ...(await startFlow({ ...options, simulator })), moments };
}

/** The ids that the VM of an owner may have here, in the order they are taken. */
export function slotsOf(owner: string): number[] {
  return slotsFor({ instance: 'test/flow', kind: 'vm', owner }, { low: 100_000, high: 999_999 });
}

export function clonesSince(stage: Flow, after: number): number {
  return writesSince(stage.sim, after).filter((write) => write.endsWith('/clone')).length;
}

/** The same create again and again, as the manager sends it, until it has succeeded. */
export async function createdInTheEnd(
  { client }: { readonly client: ProviderClient },
  name: string,
  parts: CreateParts = {},
  owner?: Partial<Owner>,
): Promise<string> {
  const options = owner === undefined ? {} : { owner };
  const { answer } = await until(
    async () => await outcomeOf(client.create(createRequest({ name, ...parts }), options)),
    ({ kind, message, answer: given }) => {
      expect(kind, message).not.toBe('invalid-spec');
      return kind === 'ok' && given?.task === undefined;
    },
  );
  return answer?.id ?? '';
}

/** The same delete again and again until it has succeeded. @returns how the others ended */
export async function deletedInTheEnd({ client }: { readonly client: ProviderClient }, id: string): Promise<string[]> {
  const messages: string[] = [];
  await until(
    async () => await outcomeOf(client.delete({ id })),
    ({ kind, message }) => {
      if (kind !== 'ok') messages.push(message);
      return kind === 'ok';
    },
  );
  return messages;
}

/** One finished VM of this name, and nothing else that was made on the way. */
export async function expectOneVm(stage: Flow, name: string, id: string): Promise<void> {
  const vms = await claimedVms(stage.world, name);
  expect(vms.map((vm) => [String(vm.vmid), vm.state, vm.lock])).toEqual([[id, 'ready', undefined]]);
  expect(strayVolumes(stage.sim)).toEqual([]);
}

/** A VM that somebody makes by hand, complete. */
export async function placeByHand(stage: Flow, vmid: number, node: string, form: Record<string, string> = {}) {
  await stage.pve.post(`/nodes/${node}/qemu`, forever, { vmid, name: 'by-hand', memory: 512, ...form });
  return await until(
    async () => await Promise.resolve(guestOf(stage, vmid)),
    ({ config }) => config['lock'] === undefined,
  );
}

export function guestOf({ sim }: Flow, id: string | number) {
  const guest = sim.world.guests[Number(id)];
  if (guest === undefined) throw new Error(`there is no guest ${id}`);
  return guest;
}

/** Cuts the nodes into groups that no longer reach each other. @returns heals it */
export function cut(stage: Flow, groups: readonly (readonly string[])[]): () => void {
  cutNetwork(stage.sim.sim, groups);
  return () => cutNetwork(stage.sim.sim, []);
}
