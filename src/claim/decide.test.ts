import { describe, expect, it } from 'vitest';
import type { Vmid } from '#pve/ids';
import { type CreateWish, decideCreate, type Slot, type UnreadableSlot } from './decide.ts';
import type { Claim } from './record.ts';

const wish: CreateWish = {
  instance: 'default/prod',
  kind: 'vm',
  owner: { name: 'web' },
  digest: 'd1',
  now: 10_000,
  mayReplace: true,
  leftBehind: new Set(),
};

const free = (vmid: number): Slot => ({ kind: 'free', vmid: vmid as Vmid });
const remnant = (vmid: number): Slot => ({ kind: 'remnant', vmid: vmid as Vmid });

const foreign = (vmid: number): Slot => ({
  kind: 'guest',
  vmid: vmid as Vmid,
  reading: { kind: 'none', text: '' },
  locked: false,
});

function unreadable(vmid: number, cause: UnreadableSlot['cause'] = 'making'): Slot {
  return { kind: 'unreadable', vmid: vmid as Vmid, reason: 'locked', cause };
}

function claimed(vmid: number, change: Partial<Claim> = {}, locked = false): Slot {
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
  return { kind: 'guest', vmid: vmid as Vmid, reading: { kind: 'claim', claim, text: '' }, locked };
}

interface Row {
  readonly title: string;
  readonly window: Slot[];
  readonly decision: Record<string, unknown>;
  readonly wish?: Partial<CreateWish>;
}

const withUid = { owner: { name: 'web', uid: 'u' } } as const;

const rows: Row[] = [
  {
    title: 'steps over a VM of that name that is of another kind',
    window: [claimed(1, { kind: 'clone', state: 'ready' }), free(2)],
    decision: { kind: 'take', free: [2] },
  },
  {
    title: 'gives a template that is there, however old it is',
    window: [claimed(1, { kind: 'image', state: 'ready', time: 1 }), free(2)],
    wish: { kind: 'image' },
    decision: { kind: 'done', vmid: 1 },
  },
  {
    title: 'replaces no template of another request, however long it has been in the making',
    window: [claimed(1, { kind: 'image', digest: 'other', time: 1 }), free(2)],
    wish: { kind: 'image' },
    decision: { kind: 'other-request', vmid: 1 },
  },
  { title: 'takes the first free slot', window: [free(1), free(2)], decision: { kind: 'take', free: [1, 2] } },
  { title: "steps over somebody else's VM", window: [foreign(1), free(2)], decision: { kind: 'take', free: [2] } },
  {
    title: 'steps over what a dead worker has left',
    window: [remnant(1), free(2)],
    decision: { kind: 'take', free: [2] },
  },
  {
    title: 'steps over a copied claim, which names another VMID',
    window: [claimed(1, { vmid: 77 as Vmid }), free(2)],
    decision: { kind: 'take', free: [2] },
  },
  {
    title: "steps over another instance's claim for the same name",
    window: [claimed(1, { instance: 'other' }), free(2)],
    decision: { kind: 'take', free: [2] },
  },
  {
    title: 'steps over a VM of the same name with a uid, having none itself',
    window: [claimed(1, { uid: 'u' }), free(2)],
    decision: { kind: 'take', free: [2] },
  },
  {
    title: 'knows its own VM by uid whatever its name',
    window: [free(1), claimed(2, { uid: 'u', name: 'old' })],
    wish: withUid,
    decision: { kind: 'resume', vmid: 2 },
  },
  { title: 'never skips an unreadable slot', window: [unreadable(1), free(2)], decision: { kind: 'wait' } },
  {
    title: 'waits for an unreadable slot behind a free one',
    window: [free(1), unreadable(2)],
    decision: { kind: 'wait' },
  },
  {
    title: 'goes on with its own create while PVE is making something elsewhere, which will look itself',
    window: [free(1), unreadable(2), claimed(3)],
    decision: { kind: 'resume', vmid: 3 },
  },
  {
    title: 'does not go on with its own create while a slot is silent: there may be a finished VM behind it',
    window: [unreadable(1, 'silent'), claimed(3)],
    decision: { kind: 'wait', slot: { vmid: 1 } },
  },
  {
    title: 'does not go on with its own create while it may not see a slot',
    window: [claimed(1), unreadable(2, 'forbidden')],
    decision: { kind: 'wait', slot: { vmid: 2, cause: 'forbidden' } },
  },
  {
    title: 'answers with a finished VM whatever is hidden elsewhere',
    window: [unreadable(1, 'silent'), claimed(2, { state: 'ready' })],
    decision: { kind: 'done', vmid: 2 },
  },
  {
    title: 'takes out the unfinished VM beside the finished one',
    window: [claimed(1), claimed(2, { state: 'ready' })],
    decision: { kind: 'take-out', losers: [{ vmid: 1 }] },
  },
  {
    title: 'never takes out a finished VM, also where somebody has made a second one by hand',
    window: [claimed(1, { state: 'ready' }), claimed(2, { state: 'ready' })],
    decision: { kind: 'done', vmid: 1 },
  },
  {
    title: 'takes out the later of two unfinished VMs',
    window: [foreign(1), claimed(2), claimed(3)],
    decision: { kind: 'take-out', losers: [{ vmid: 3 }] },
  },
  {
    title: 'takes out what is void before it takes a slot',
    window: [claimed(1, { state: 'void' }), free(2)],
    decision: { kind: 'take-out', losers: [{ vmid: 1 }] },
  },
  {
    title: 'goes on beside a void VM that cannot be removed',
    window: [claimed(1, { state: 'void' }), free(2)],
    wish: { leftBehind: new Set([1 as Vmid]) },
    decision: { kind: 'take', free: [2] },
  },
  {
    title: 'leaves a loser alone while PVE is still making it',
    window: [claimed(1), claimed(2, {}, true)],
    decision: { kind: 'resume', vmid: 1 },
  },
  {
    title: 'prefers the earlier VM also while PVE is still making it',
    window: [claimed(1, {}, true), free(2)],
    decision: { kind: 'resume', vmid: 1, locked: true },
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
    title: 'gives the same id at any age where a uid says that it is the same object',
    window: [claimed(1, { state: 'ready', time: 10, uid: 'u' })],
    wish: withUid,
    decision: { kind: 'done', vmid: 1 },
  },
  {
    title: 'refuses another request for a finished VM',
    window: [claimed(1, { state: 'ready', digest: 'd2' })],
    decision: { kind: 'exists', vmid: 1 },
  },
  {
    title: 'waits while the VM is being made from another request',
    window: [claimed(1, { digest: 'd2' })],
    decision: { kind: 'other-request', vmid: 1 },
  },
  {
    title: 'replaces what was begun for another request 15 minutes ago',
    window: [claimed(1, { digest: 'd2', time: 10_000 - 901 })],
    decision: { kind: 'take-out', losers: [{ vmid: 1 }] },
  },
  {
    title: 'replaces what was begun for another request of the same object at once',
    window: [claimed(1, { digest: 'd2', uid: 'u' })],
    wish: withUid,
    decision: { kind: 'take-out', losers: [{ vmid: 1 }] },
  },
  {
    title: 'replaces it only when PVE has made it',
    window: [claimed(1, { digest: 'd2', uid: 'u' }, true)],
    wish: withUid,
    decision: { kind: 'wait', slot: { vmid: 1 } },
  },
  {
    title: 'replaces nothing after it has made a copy: the newer request wins',
    window: [claimed(1, { digest: 'd2', uid: 'u' })],
    wish: { ...withUid, mayReplace: false },
    decision: { kind: 'other-request', vmid: 1 },
  },
  {
    title: 'gives up when all slots are taken by others',
    window: [foreign(1), remnant(2)],
    decision: { kind: 'exhausted' },
  },
];

describe('a create', () => {
  it.each(rows)('$title', ({ window, decision, wish: change }) => {
    expect(decideCreate(window, { ...wish, ...change })).toMatchObject(decision);
  });
});
