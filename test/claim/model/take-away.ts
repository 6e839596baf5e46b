// How a run of the model destroys a VM that its claim gives up, and the Delete of the owner.
import type { Vmid } from '#pve/ids';
import type { Actor } from './clockwork.ts';
import { ask, isNoAnswer, type Process, read, waitForTask } from './look.ts';
import type { Config } from './host.ts';

/**
 * PVE destroys whatever has the id by then: so there is a look right before, and an active destroy is waited for.
 * `left`: it is not let go; `look-again`: it may be gone.
 */
export function* destroy(
  process: Process,
  vmid: Vmid,
  incarnation: string,
  maySend: () => boolean,
): Actor<'gone' | 'left' | 'look-again'> {
  const { pve } = process;
  if (yield* hasWaitedForDestroy(process, vmid)) return 'look-again';
  const config = yield* read(() => pve.read(vmid));
  if (config?.claim?.incarnation !== incarnation) return 'look-again';
  const task = yield* ask(
    () => pve.destroy(vmid),
    () => {
      process.destroyed.set(vmid, process.now());
      return maySend();
    },
  );
  if (isNoAnswer(task) || task === undefined) return 'look-again';
  return (yield* waitForTask(pve, task)) === 'ok' ? 'gone' : 'left';
}

function* hasWaitedForDestroy({ pve }: Process, vmid: Vmid): Actor<boolean> {
  for (let hasWaited = false; ; hasWaited = true) {
    const active = yield* read(() => pve.activeTasks());
    if (!active.some((task) => task.type === 'qmdestroy' && task.id === String(vmid))) return hasWaited;
    yield { sleep: 500 };
  }
}

/** The owner's Delete of an id that it was told. Ends true when the VM is gone. */
export function* deleteRun(process: Process, vmid: Vmid, deadline: number): Actor<boolean> {
  const { pve } = process;
  const maySend = (): boolean => process.now() < deadline;
  let incarnation: string | undefined;
  while (maySend()) {
    const config = yield* read(() => pve.read(vmid));
    const claim = config?.claim;
    process.witness.trace(
      `a delete sees ${vmid} ${claim?.incarnation ?? ''} ${claim?.state ?? ''} ${config?.lock ?? ''}`,
    );
    if (config === undefined || (claim?.vmid !== vmid && config.lock !== 'destroyed')) return true;
    if (claim !== undefined && config.lock === undefined) {
      if (incarnation !== undefined && incarnation !== claim.incarnation) return true;
      incarnation = claim.incarnation;
      const change = (old: Config): Config => ({ ...old, claim: { ...claim, state: 'void' } });
      const isVoid =
        claim.state === 'void' || (yield* ask(() => pve.put(vmid, config.digest, change), maySend)) === 'ok';
      if (isVoid && (yield* destroy(process, vmid, incarnation, maySend)) === 'gone') return true;
    } else if (config.lock === 'destroyed' && incarnation === undefined) return true;
    yield { sleep: 1000 };
  }
  return false;
}
