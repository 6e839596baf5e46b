// VMSnapshots as the documentation has them: taken, described anew, gone back to, deleted.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCreateVmSnapshot, runVmPlugin } from '#cli/kubectl/program';
import { type ManagerFlow, type Seen, startManagerFlow } from '../support/manager-flow.ts';
import { seedIsMissing, seedManifests, seedSkipNote } from '../support/seed-manifests.ts';

let flow: ManagerFlow;
let vmid: number;

function seed(kind: string, name: string, which = 0): string {
  const found = seedManifests().filter((manifest) => manifest.kind === kind && manifest.name === name)[which];
  if (found === undefined) throw new Error(`the documentation has no ${kind} ${name}`);
  return `${found.text}---\n`;
}

const isReady = (seen: Seen): boolean => seen.condition('Ready') === 'True Ready';
const textOf = (name: string): string => guest().snapshots[name]?.['description']?.split('\n')[0] ?? '';

function guest() {
  const found = flow.sim.world.guests[vmid];
  if (found === undefined) throw new Error(`there is no VM ${vmid}`);
  return found;
}

async function run(program: typeof runVmPlugin, ...args: string[]): Promise<void> {
  const write = (): void => undefined;
  await program({ args: [...args, '--kubeconfig', flow.kubeconfig], version: 'test', write, writeError: write });
}

describe.skipIf(seedIsMissing)(`the snapshots of the documentation${seedSkipNote}`, () => {
  beforeAll(async () => {
    flow = await startManagerFlow();
    await flow.applyCredentials();
    await flow.apply(
      [
        seed('Provider', 'proxmox-prod'),
        seed('VMClass', 'small'),
        seed('VMImage', 'ubuntu-22'),
        seed('VirtualMachine', 'web-server', 1),
      ].join(''),
    );
    const { status } = await flow.until('VirtualMachine', 'web-server', (seen) =>
      seen.condition('Ready').startsWith('True'),
    );
    vmid = Number(status['id']);
  });
  afterAll(async () => await flow.stop());

  it('are taken with memory where they ask for it', async () => {
    await flow.apply(seed('VMSnapshot', 'before-upgrade', 0));
    const { status } = await flow.until('VMSnapshot', 'before-upgrade', isReady);
    expect(status).toMatchObject({ phase: 'Ready', snapshotID: 'before-upgrade', hasMemory: true, vmID: String(vmid) });
    expect(textOf('before-upgrade')).toBe('Pre-maintenance snapshot');
    expect(await flow.events('VMSnapshot', 'before-upgrade')).toContainEqual(expect.stringContaining('Normal Created'));
  });

  it('change their description, and tell that they cannot change their memory', async () => {
    const taken = guest().snapshots['before-upgrade']?.['snaptime'];
    await flow.apply(seed('VMSnapshot', 'before-upgrade', 1));
    const seen = await flow.until('VMSnapshot', 'before-upgrade', (one) => one.condition('MemoryAsWished') !== '');
    expect(seen.condition('MemoryAsWished')).toBe('False MemoryCannotBeChanged');
    await flow.until('VMSnapshot', 'before-upgrade', isReady);
    expect(textOf('before-upgrade')).toBe('Snapshot before system upgrade');
    expect(Object.keys(guest().snapshots)).toEqual(['before-upgrade']);
    expect(guest().snapshots['before-upgrade']?.['snaptime']).toBe(taken);
  });

  it('V9: are gone back to once for each request, by a plugin of kubectl', async () => {
    await run(runCreateVmSnapshot, 'second', '--vm=web-server', '--description=Second');
    await flow.until('VMSnapshot', 'second', isReady);
    expect(guest().config['parent']).toBe('second');
    await run(runVmPlugin, 'revert', 'web-server', 'before-upgrade');
    const { status } = await flow.until('VMSnapshot', 'before-upgrade', ({ status: { revert } }) => {
      return (revert as { handled?: string } | undefined)?.handled !== undefined;
    });
    expect(status['revert']).toMatchObject({ message: 'VM web-server is back at it.' });
    expect(guest().config['parent']).toBe('before-upgrade');
    await flow.restartManager();
    await flow.until('VMSnapshot', 'second', isReady);
    const rollbacks = flow.sim.journal.after(0).filter(({ path }) => path.endsWith('/rollback'));
    expect(rollbacks).toHaveLength(1);
  });

  it('that PVE no longer has are told of, not taken again', async () => {
    await flow.apply(named('lost', 'web-server'));
    await flow.until('VMSnapshot', 'lost', isReady);
    delete guest().snapshots['lost'];
    await flow.apply(named('lost', 'web-server', 'another text'));
    await flow.until('VMSnapshot', 'lost', (seen) => seen.condition('Ready') === 'False SnapshotGone');
    expect(Object.keys(guest().snapshots)).not.toContain('lost');
    await flow.delete('VMSnapshot', 'lost');
    await flow.untilGone('VMSnapshot', 'lost');
  });

  it('V9: wait for their VM, and are tried again after what went wrong', async () => {
    await flow.apply(named('early', 'late-vm'));
    await flow.until('VMSnapshot', 'early', (seen) => seen.condition('VMReady') === 'False VMNotFound');
    flow.sim.faults.add([
      { method: 'POST', path: '/snapshot$', count: 1, action: { answer: { status: 500, reason: 'got timeout' } } },
    ]);
    await flow.apply(named('unlucky', 'web-server'));
    await flow.until('VMSnapshot', 'unlucky', isReady);
    await flow.delete('VMSnapshot', 'early');
    await flow.untilGone('VMSnapshot', 'early');
  });

  it('V9: are deleted with their objects, in PVE first', async () => {
    flow.sim.faults.add([
      { method: 'DELETE', path: '/snapshot/', count: 1, action: { answer: { status: 500, reason: 'got timeout' } } },
    ]);
    await flow.delete('VMSnapshot', 'second');
    await flow.untilGone('VMSnapshot', 'second');
    expect(Object.keys(guest().snapshots)).not.toContain('second');
  });

  it('go with their VM', async () => {
    await flow.delete('VirtualMachine', 'web-server');
    await flow.untilGone('VirtualMachine', 'web-server');
    await flow.untilGone('VMSnapshot', 'before-upgrade');
    expect(flow.sim.world.guests[vmid]).toBeUndefined();
  });
});

function named(name: string, vm: string, description = name): string {
  const spec = { vmRef: { name: vm }, description };
  return JSON.stringify({ apiVersion: 'infra.virtrigaud.io/v1beta1', kind: 'VMSnapshot', metadata: { name }, spec });
}
