import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readClaim } from '#claim/record';
import { type Flow, startFlow } from '../support/flow.ts';
import { lastRequest, writesSince } from '../support/journal.ts';
import { type KubeApi, startKubeApi } from '../support/kube-api.ts';
import { vrtg } from '../support/vrtg.ts';

// The ids come from VirtualMachines: of a file as kubectl prints them, or of an API server.

const vm = (name: string, id: string | undefined, provider = 'prod', namespace = 'team-a') => ({
  apiVersion: 'infra.virtrigaud.io/v1beta1',
  kind: 'VirtualMachine',
  metadata: { name, namespace, uid: `uid-of-${name}` },
  spec: { providerRef: { name: provider, namespace: 'infra' }, classRef: { name: 'small' } },
  status: id === undefined ? {} : { id, phase: 'Running', ips: [] },
});

const objects = [
  vm('web', 'pve3:100'),
  vm('dns', '101'),
  vm('new', undefined),
  vm('moved', 'vm-12'),
  vm('elsewhere', '9000', 'vsphere'),
  vm('twin-a', '4711'),
  vm('twin-b', '4711', 'prod', 'team-b'),
];

const provider = ['--provider', 'infra/prod'];

let flow: Flow;
let api: KubeApi;
let folder: string;
beforeAll(async () => {
  flow = await startFlow({ simulator: { timeScale: 100, latency: false } });
  api = await startKubeApi(objects, 3);
  folder = mkdtempSync(join(tmpdir(), 'vrtg-adopt-'));
});
afterAll(async () => {
  api.stop();
  await flow.stop();
});
afterEach(() => {
  delete flow.sim.world.guests[100]?.config['description'];
});

function claim() {
  const reading = readClaim(flow.sim.world.guests[100]?.config['description']);
  return reading.kind === 'claim' ? reading.claim : undefined;
}

async function adopt(...args: readonly string[]) {
  const since = lastRequest(flow.sim);
  const ran = await vrtg(flow.sim, ['adopt', ...args]);
  return { ...ran, writes: writesSince(flow.sim, since) };
}

const said = [
  'VM 100 (legacy-app on pve3): adopted, as team-a/web.',
  'VM 101 on pve3: refused: it is a container. Providers own VMs only.',
  'VirtualMachine team-a/moved: refused: its status.id "vm-12" is no VMID. Check which provider has made it.',
  'VirtualMachine team-a/twin-a: refused: VM 4711 is the status.id of another VirtualMachine too. Delete one of them.',
  'VirtualMachine team-b/twin-b: refused: VM 4711 is the status.id of another VirtualMachine too. Delete one of them.',
  'Left out: VirtualMachine team-a/new has no status.id yet.',
  'Left out: 1 of provider infra/vsphere, not infra/prod.',
  '',
  '1 adopted, 4 refused, 0 ours already, as instance test/flow.',
  '',
].join('\n');

describe('vrtg adopt --from-kube', () => {
  it('takes the VirtualMachines of one provider from an API server, page by page, and tells of the others', async () => {
    const ran = await adopt('--from-kube', '--kubeconfig', api.kubeconfig, ...provider);
    expect(ran).toEqual({ code: 1, out: said, err: '', writes: ['PUT /nodes/pve3/qemu/100/config'] });
    expect(claim()).toMatchObject({ name: 'web', namespace: 'team-a', instance: 'test/flow' });
    expect(claim()?.uid).toBeUndefined();
    const path = '/apis/infra.virtrigaud.io/v1beta1/virtualmachines';
    expect(api.requests.map((request) => request.split('?')[0])).toEqual([path, path, path]);
    expect(api.requests[0]).toContain('limit=500');
  });

  it.each([
    ['JSON', JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects })],
    ['documents', objects.map((object) => `---\n${JSON.stringify(object, null, 2)}\n`).join('')],
  ])('takes them from a file of %s just so', async (_form, text) => {
    const file = join(folder, 'vms');
    writeFileSync(file, text);
    expect(await adopt('--from-kube', file, ...provider)).toMatchObject({ code: 1, out: said, err: '' });
  });

  it('records the uid only where it is told to', async () => {
    await adopt('--from-kube', '--kubeconfig', api.kubeconfig, '--namespace', 'team-a', ...provider, '--with-uid');
    expect(claim()).toMatchObject({ name: 'web', namespace: 'team-a', uid: 'uid-of-web' });
  });

  it('does not give a VM of ours to another VirtualMachine unasked', async () => {
    await adopt('100');
    const before = claim();
    const { code, out, writes } = await adopt('--from-kube', '--kubeconfig', api.kubeconfig, ...provider);
    expect({ code, writes }).toEqual({ code: 1, writes: [] });
    expect(out).toContain(
      'refused: it is ours already, as VM legacy-app. To give it to the other one, add --take-over.',
    );
    expect(claim()).toEqual(before);
    await adopt('--from-kube', '--kubeconfig', api.kubeconfig, ...provider, '--take-over');
    expect(claim()).toMatchObject({ name: 'web' });
  });

  it.each([
    [
      'a wrong token',
      () => ['--kubeconfig', api.kubeconfig, '--context', 'broken'],
      /Kubernetes API at https:\/\/127\.0\.0\.1:\d+: list virtualmachines\.infra\.virtrigaud\.io: 401 Unauthorized/,
    ],
    [
      'a context that is not there',
      () => ['--kubeconfig', api.kubeconfig, '--context', 'x'],
      /no context "x".* here, broken/,
    ],
    [
      'a kubeconfig that is not there',
      () => ['--kubeconfig', join(folder, 'none')],
      /none cannot be read as a kubeconfig/,
    ],
  ])('tells of %s', async (_what, args, message) => {
    const { code, err, writes } = await adopt('--from-kube', ...args(), ...provider);
    expect({ code, writes }).toEqual({ code: 2, writes: [] });
    expect(err).toMatch(message);
  });

  it('tells of a file that is not there or holds nothing of the kind', async () => {
    const file = join(folder, 'table');
    writeFileSync(file, 'NAME   READY\nweb    True\n');
    expect((await adopt('--from-kube', join(folder, 'none'), ...provider)).err).toMatch(/none cannot be read/);
    expect((await adopt('--from-kube', file, ...provider)).err).toMatch(/it is no object of Kubernetes/);
  });

  it('asks whose VirtualMachines are meant where the instance is no Provider’s name', async () => {
    const { code, err } = await adopt('--from-kube', '--kubeconfig', api.kubeconfig, '--instance', 'lab');
    expect({ code, err }).toEqual({
      code: 2,
      err: expect.stringMatching(/--provider namespace\/name \("lab" is none\)/),
    });
  });
});
