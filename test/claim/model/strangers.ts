import type { Vmid } from '#pve/ids';
import type { ModelPve } from './pve.ts';
import type { Scene } from './schedule.ts';

/** An id is not taken by others within a minute after we freed it: what is on its way to it would meet them. */
const UNTOUCHED_MS = 60_000;

/**
 * VMs of others come and go in all shapes: plain, copies of ours with our claim, another instance's, stubs that end.
 * They do so when somebody has just looked, since that is when it matters.
 */
export function startStrangers(scene: Scene): void {
  const { chance, clockwork, pve, witness } = scene;
  const perLook = chance.pick([0, 0.3, 1]);
  const withinMs = chance.pick([100, 1000, 10_000]);
  let mark = 0;

  function come(vmid: Vmid): void {
    const isFresh = clockwork.now - pve.freedAt(vmid) < UNTOUCHED_MS;
    mark += 1;
    if (isFresh || !pve.strangerTakes(vmid, newConfig(`stranger ${mark}`))) return;
    witness.count('a stranger came');
    if (chance.happens(0.5)) clockwork.at(chance.spread(10, 60_000), () => settle(vmid));
  }

  /** A stub becomes a VM; a VM is changed. */
  function settle(vmid: Vmid): void {
    pve.strangerChanges(vmid, ({ mark, facets, claim }) => ({
      mark: `${mark} settled`,
      facets,
      ...(claim === undefined ? {} : { claim }),
    }));
  }

  function newConfig(text: string): Parameters<ModelPve['strangerTakes']>[1] {
    const lock = chance.happens(0.2) ? ({ lock: 'clone' } as const) : {};
    const copied = [...pve.own('ready'), ...pve.own('creating')].map((vmid) => pve.read(vmid)?.claim)[0];
    if (copied === undefined || chance.happens(0.5)) return { mark: text, ...lock };
    return { mark: text, ...lock, claim: chance.happens(0.5) ? copied : { ...copied, instance: 'another/one' } };
  }

  function comeOrGo(): void {
    // The first slots are those that count.
    const vmid = pve.slots[Math.floor(pve.slots.length * chance.next() ** 3)];
    if (vmid === undefined || scene.isCalm) return;
    if (pve.isStrangers(vmid)) pve.strangerChanges(vmid, () => undefined);
    else come(vmid);
  }

  function leave(): void {
    for (const vmid of pve.slots) pve.strangerChanges(vmid, () => undefined);
  }

  if (perLook === 0) return;
  for (const vmid of pve.slots.slice(0, -1)) if (chance.happens(0.6)) come(vmid);
  pve.watchLooks(() => {
    // A window that strangers have filled for good is no matter of the protocol's.
    if (scene.isCalm && chance.happens(0.1)) leave();
    if (chance.happens(perLook)) clockwork.at(chance.spread(1, withinMs), comeOrGo);
  });
}
