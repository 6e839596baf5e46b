// The workers of the model's PVE: what is visible while they copy and destroy, and what is left when they fail or die
// (pve-behaviour 26, 28).
import type { Claim } from '#claim/record';
import type { Vmid } from '#pve/ids';
import type { Chance } from './chance.ts';
import type { Actor } from './clockwork.ts';
import { type Guest, type Host, isOwn, type Task, type Witness } from './host.ts';

const CLONE_LOCK_WAIT_MS = 1000;
const DESTROY_LOCK_WAIT_MS = 10_000;

/** What may go wrong with a worker, 0 to 1. */
export interface WorkerTrouble {
  readonly fails: number;
  readonly dies: number;
}

export interface Workshop {
  readonly host: Host;
  readonly chance: Chance;
  readonly witness: Witness;
  readonly trouble: () => WorkerTrouble;
}

export function* copy({ host, chance, witness, trouble }: Workshop, task: Task, claim: Claim): Actor<void> {
  const { vmid } = task;
  // The source may be held for a moment; the id is taken by the worker, not by the call.
  yield { sleep: chance.happens(0.05) ? chance.between(0, CLONE_LOCK_WAIT_MS) : chance.between(0, 30) };
  if (host.guests.has(vmid)) return host.end(task, 'taken');
  const stub = host.add(vmid, false, { lock: 'clone', facets: 0, mark: '' });
  const { dies, fails } = trouble();
  const wholeMs = chance.spread(100, 60_000);
  const fate = chance.next();
  const endsAt = fate < dies + fails ? chance.between(0, wholeMs) : wholeMs;
  // Where there is more than one disk the claim shows before the lock goes.
  const showsAt = chance.happens(0.5) ? chance.between(0, wholeMs) : wholeMs;
  yield { sleep: Math.min(showsAt, endsAt) };
  if (showsAt < endsAt) {
    host.write(stub, { ...stub.config, claim });
    yield { sleep: endsAt - showsAt };
  }
  if (endsAt < wholeMs) {
    if (fate >= dies) host.remove(vmid);
    return host.end(task, 'failed');
  }
  host.write(stub, { claim, facets: 0, mark: '' });
  // Unlocked, and its task goes on; what it still does may fail and take the VM away again.
  yield { sleep: chance.happens(0.02) ? chance.between(1000, 10_000) : chance.between(2, 100) };
  const isUndone = chance.happens(fails / 4) && host.guests.get(vmid) === stub;
  if (isUndone && isOwn(stub, 'ready')) witness.violated(`VM ${vmid} was finished before its copy had ended`);
  if (isUndone) host.remove(vmid);
  host.end(task, isUndone ? 'failed' : 'ok');
}

/** @param freed is called when the id is free again */
export function* destroy(workshop: Workshop, task: Task, freed: (vmid: Vmid) => void): Actor<void> {
  const { host, chance, trouble } = workshop;
  const { vmid } = task;
  for (let waited = 0; isHeld(host, vmid); waited += 500) {
    if (waited >= DESTROY_LOCK_WAIT_MS) return host.end(task, 'failed');
    yield { sleep: 500 };
  }
  const guest = host.guests.get(vmid);
  if (guest === undefined || guest.config.lock !== undefined) return host.end(task, 'failed');
  judge(workshop, guest);
  guest.isBeingDestroyed = true;
  yield { sleep: chance.spread(100, 5000) };
  const isDead = chance.happens(trouble().dies / 2);
  if (isDead && chance.happens(0.5)) {
    guest.isBeingDestroyed = false;
    return host.end(task, 'failed');
  }
  host.write(guest, { lock: 'destroyed', facets: 0, mark: '' });
  if (isDead) return host.end(task, 'failed');
  yield { sleep: chance.spread(1, 2000) };
  host.remove(vmid);
  freed(vmid);
  host.end(task, 'ok');
}

/** A file lock that a worker holds for as long as it works. */
function isHeld(host: Host, vmid: Vmid): boolean {
  const guest = host.guests.get(vmid);
  return guest !== undefined && (guest.isBeingDestroyed || host.stubs().includes(guest));
}

function judge({ witness }: Workshop, { vmid, config, isStrangers }: Guest): void {
  if (isStrangers) witness.metByLateDelete(`VM ${vmid} of a stranger is destroyed`);
  else if (config.claim?.state === 'ready') witness.metByLateDelete(`VM ${vmid} is destroyed while it is ready`);
  else if (config.claim?.state === 'creating') witness.count('an unfinished VM was destroyed');
}
