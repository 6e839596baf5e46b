import { describe, expect, it } from 'vitest';
import type { Vmid } from '#pve/ids';
import { type CreateWish, decideCreate, type Slot } from './decide.ts';
import type { Claim } from './record.ts';

const wish: CreateWish = { instance: 'default/prod', owner: { name: 'web' }, digest: 'd1', now: 10_000 };

const free = (vmid: number): Slot => ({ kind: 'free', vmid: vmid as Vmid });
const foreign = (vmid: number): Slot => ({ kind: 'guest', vmid: vmid as Vmid, reading: { kind: 'none', text: '' } });
const unreadable = (vmid: number): Slot => ({
  kind: 'unreadable',
  vmid: vmid as Vmid,
  reason: 'locked',
  forbidden: false,
});
function claimed(vmid: number, change: Partial<Claim> = {}): Slot {
  const claim: Claim = {
    incarnation: 'abcdefgh2345',
    digest: 'd1',
    instance: 'default/prod',
    kind: 'vm',
    name: 'web',
    state: 'creating',
    time: 9_900,
    vmid: vmid as Vmid,
    ...change,
  };
  return { kind: 'guest', vmid: vmid as Vmid, reading: { kind: 'claim', claim, text: '' } };
}

interface Row {
  readonly title: string;
  readonly window: Slot[];
  readonly decision: Record<string, unknown>;
  readonly wish?: Partial<CreateWish>;
}

const rows: Row[] = [
  { title: 'takes the first free slot', window: [free(1), free(2)], decision: { kind: 'take', vmid: 1 } },
  { title: "steps over somebody else's VM", window: [foreign(1), free(2)], decision: { kind: 'take', vmid: 2 } },
  {
    title: 'steps over a copied claim, which names another VMID',
    window: [claimed(1, { vmid: 77 as Vmid }), free(2)],
    decision: { kind: 'take', vmid: 2 },
  },
  {
    title: "steps over another instance's claim for the same name",
    window: [claimed(1, { instance: 'other' }), free(2)],
    decision: { kind: 'take', vmid: 2 },
  },
  {
    title: 'steps over a VM of the same name with a uid, having none itself',
    window: [claimed(1, { uid: 'u' }), free(2)],
    decision: { kind: 'take', vmid: 2 },
  },
  {
    title: 'knows its own VM by uid whatever its name',
    window: [free(1), claimed(2, { uid: 'u', name: 'old' })],
    wish: { owner: { name: 'web', uid: 'u' } },
    decision: { kind: 'resume', vmid: 2 },
  },
  { title: 'never skips an unreadable slot', window: [unreadable(1), free(2)], decision: { kind: 'wait' } },
  {
    title: 'waits for an unreadable slot behind a free one',
    window: [free(1), unreadable(2)],
    decision: { kind: 'wait' },
  },
  {
    title: 'goes on with its own create wherever it is in the window',
    window: [free(1), unreadable(2), claimed(3)],
    decision: { kind: 'resume', vmid: 3 },
  },
  {
    title: 'prefers the finished VM to an unfinished one',
    window: [claimed(1), claimed(2, { state: 'ready' })],
    decision: { kind: 'done', vmid: 2 },
  },
  {
    title: 'gives the same id for the same request within 15 minutes',
    window: [claimed(1, { state: 'ready', time: 10_000 - 900 })],
    decision: { kind: 'done', vmid: 1 },
  },
  {
    title: 'refuses the same request when the VM is older than 15 minutes',
    window: [claimed(1, { state: 'ready', time: 10_000 - 901 })],
    decision: { kind: 'exists', vmid: 1 },
  },
  {
    title: 'refuses another request for a finished VM',
    window: [claimed(1, { state: 'ready', digest: 'd2' })],
    decision: { kind: 'exists', vmid: 1 },
  },
  {
    title: 'refuses another request while the VM is being made',
    window: [claimed(1, { digest: 'd2' })],
    decision: { kind: 'exists', vmid: 1 },
  },
  {
    title: 'gives up when all slots are taken by others',
    window: [foreign(1), foreign(2)],
    decision: { kind: 'exhausted' },
  },
];

describe('a create', () => {
  it.each(rows)('$title', ({ window, decision, wish: change }) => {
    expect(decideCreate(window, { ...wish, ...change })).toMatchObject(decision);
  });
});
