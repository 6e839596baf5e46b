import { describe, expect, test } from 'vitest';
import type { Vmid } from '#pve/ids';
import { networkInterfaces } from '#pve/qemu/agent';
import { cloneVm } from '#pve/qemu/clone';
import { putConfig, readConfig, updateConfig } from '#pve/qemu/config';
import { destroyVm } from '#pve/qemu/destroy';
import { readPending } from '#pve/qemu/pending';
import { resizeDisk } from '#pve/qemu/resize';
import { listSnapshots } from '#pve/qemu/snapshots';
import { changePower, readStatus } from '#pve/qemu/status';
import { ask, node, refused, taskEnds, upid, vmid } from './asking.ts';
import { call, failureOf, withScript, type Reply, type Step } from './scripted-pve.ts';

const vm = { node, vmid };

describe('a VM', () => {
  const config = '/nodes/pve1/qemu/100/config';

  test('has a configuration of texts, a digest and perhaps a lock', async () => {
    const data = { digest: 'abc', lock: 'clone', memory: '512', cores: 2, agent: '1', cpulimit: '1.5', x: { y: 1 } };
    expect(await ask(`GET ${config}?current=1`, { data }, async (pve) => await readConfig(pve, vm, call()))).toEqual({
      digest: 'abc',
      lock: 'clone',
      values: { memory: '512', cores: '2', agent: '1', cpulimit: '1.5' },
    });
  });

  test('is changed under its digest, as a task or at once', async () => {
    const change = { digest: 'abc', set: { cores: 2, onboot: true }, delete: ['net1', 'ide2'], revert: ['memory'] };
    const steps: Step[] = [
      [`POST ${config}`, { data: upid }],
      taskEnds(),
      [`POST ${config}`, { data: null }],
      [`PUT ${config}`, { data: null }],
    ];
    await withScript(steps, async (pve, server) => {
      expect(await updateConfig(pve, vm, change, call())).toMatchObject({ outcome: 'ok', upid });
      expect(await updateConfig(pve, vm, { digest: 'abc', set: {} }, call())).toMatchObject({ upid: undefined });
      await putConfig(pve, vm, change, call());
      const body = 'cores=2&onboot=1&delete=net1%2Cide2&revert=memory&digest=abc';
      expect(server.seen.filter((request) => request.body !== '').map((request) => request.body)).toEqual([
        body,
        'digest=abc',
        body,
      ]);
    });
  });

  test('is never changed under an empty digest, which would check nothing', async () => {
    await withScript([], async (pve) => {
      for (const action of [
        updateConfig(pve, vm, { digest: '' }, call()),
        putConfig(pve, vm, { digest: '' }, call()),
        resizeDisk(pve, vm, { disk: 'scsi0', size: '1G', digest: '' }, call()),
      ]) {
        expect(await failureOf(action)).toBeInstanceOf(RangeError);
      }
    });
  });

  test('is cloned with a description of its own, never without one', async () => {
    const options = { newid: 101 as Vmid, name: 'web', description: 'claim', full: true };
    await withScript([['POST /nodes/pve1/qemu/100/clone', { data: upid }]], async (pve, server) => {
      expect(await cloneVm(pve, vm, options, call())).toBe(upid);
      expect(server.seen[0]?.body).toBe('newid=101&name=web&description=claim&full=1');
      expect(await failureOf(cloneVm(pve, vm, { ...options, description: ' \n' }, call()))).toBeInstanceOf(RangeError);
    });
  });

  test('is resized as a task, or at once on old versions', async () => {
    const resize = { disk: 'scsi0', size: '20G', digest: 'abc' };
    const request = 'PUT /nodes/pve1/qemu/100/resize';
    for (const steps of [[[request, { data: upid }], taskEnds()], [[request, { data: null }]]] satisfies Step[][]) {
      await withScript(steps, async (pve, server) => {
        expect(await resizeDisk(pve, vm, resize, call())).toMatchObject({ outcome: 'ok' });
        expect(server.seen[0]?.body).toBe('disk=scsi0&size=20G&digest=abc');
      });
    }
  });

  test('is destroyed, and nothing that no configuration names with it', async () => {
    await withScript(
      [
        ['DELETE /nodes/pve1/qemu/100?purge=1', { data: upid }],
        ['DELETE /nodes/pve1/qemu/100', { data: upid }],
      ],
      async (pve) => {
        expect(await destroyVm(pve, vm, call(), { purge: true })).toBe(upid);
        expect(await destroyVm(pve, vm, call())).toBe(upid);
      },
    );
  });

  test('has a state', async () => {
    const data = {
      agent: 1,
      cpus: 2,
      ha: { managed: 0 },
      lock: 'suspended',
      maxmem: 536870912,
      name: 'vm100',
      qmpstatus: 'stopped',
      status: 'stopped',
      uptime: '0',
      vmid: 100,
    };
    const request = 'GET /nodes/pve1/qemu/100/status/current';
    expect(await ask(request, { data }, async (pve) => await readStatus(pve, vm, call()))).toEqual({
      status: 'stopped',
      qmpStatus: 'stopped',
      lock: 'suspended',
      name: 'vm100',
      template: false,
      agent: true,
      haManaged: false,
      uptimeSeconds: 0,
      cpus: 2,
      maxMemoryBytes: 536_870_912,
    });
  });

  test('is started, and shut down with a time limit', async () => {
    await withScript(
      [
        ['POST /nodes/pve1/qemu/100/status/start', { data: upid }],
        ['POST /nodes/pve1/qemu/100/status/shutdown', { data: upid }],
      ],
      async (pve, server) => {
        expect(await changePower(pve, vm, 'start', call())).toBe(upid);
        expect(await changePower(pve, vm, 'shutdown', call(), { timeout: 60, forceStop: false })).toBe(upid);
        expect(server.seen[1]?.body).toBe('timeout=60&forceStop=0');
      },
    );
  });

  test('has pending changes only where something is not in force', async () => {
    const data = [
      { key: 'digest', value: 'x' },
      { key: 'memory', value: '512', pending: '1024' },
      { key: 'agent', value: '1', delete: 1 },
      { key: 'net1', pending: 'virtio' },
    ];
    const request = 'GET /nodes/pve1/qemu/100/pending';
    expect(await ask(request, { data }, async (pve) => await readPending(pve, vm, call()))).toEqual([
      { key: 'memory', current: '512', next: '1024' },
      { key: 'agent', current: '1', next: undefined },
      { key: 'net1', current: undefined, next: 'virtio' },
    ]);
  });

  test('has snapshots without the entry for the present', async () => {
    const data = [
      { name: 'one', description: 'x', snaptime: '1700000000', vmstate: 1, parent: 'zero' },
      { name: 'current', description: 'You are here!', digest: 'x', running: 0, parent: 'one' },
    ];
    const request = 'GET /nodes/pve1/qemu/100/snapshot';
    expect(await ask(request, { data }, async (pve) => await listSnapshots(pve, vm, call()))).toEqual([
      { name: 'one', description: 'x', takenSeconds: 1_700_000_000, memory: true, parent: 'zero', state: undefined },
    ]);
  });
});

describe('the agent of a guest', () => {
  const interfaces = async (reply: Reply) =>
    await ask(
      'GET /nodes/pve1/qemu/100/agent/network-get-interfaces',
      reply,
      async (pve) => await networkInterfaces(pve, vm, call()),
    );

  test('tells its interfaces', async () => {
    const result = [
      { name: 'lo', 'ip-addresses': [{ 'ip-address': '127.0.0.1', 'ip-address-type': 'ipv4', prefix: 8 }] },
      {
        name: 'eth0',
        'hardware-address': 'bc:24:11:00:00:01',
        'ip-addresses': [{ 'ip-address': '192.0.2.50', 'ip-address-type': 'ipv4', prefix: 24 }, {}],
        statistics: { 'rx-bytes': 1 },
      },
      { name: 'eth1', 'hardware-address': 'bc:24:11:00:00:02' },
    ];
    expect(await interfaces({ data: { result } })).toEqual([
      { name: 'lo', mac: undefined, addresses: [{ address: '127.0.0.1', prefix: 8 }] },
      { name: 'eth0', mac: 'BC:24:11:00:00:01', addresses: [{ address: '192.0.2.50', prefix: 24 }] },
      { name: 'eth1', mac: 'BC:24:11:00:00:02', addresses: [] },
    ]);
  });

  test.each([
    ['is not running', refused('QEMU guest agent is not running'), 'silent'],
    ['hangs', refused("VM 100 qga command 'guest-network-get-interfaces' failed - got timeout"), 'silent'],
    ['has a guest that is off', refused('VM 100 is not running'), 'silent'],
    ['answers with an error of its own', { data: { result: { error: { class: 'x', desc: 'y' } } } }, 'silent'],
    ['is not configured', refused('No QEMU guest agent configured'), 'not-configured'],
  ] as const)('that %s is %s', async (_what, reply, expected) => expect(await interfaces(reply)).toBe(expected));

  test('may not be asked by everybody', async () => {
    const reply = {
      status: 403,
      reason: 'Permission check failed (/vms/100, VM.GuestAgent.Audit|VM.GuestAgent.Unrestricted)',
    };
    expect(await failureOf(interfaces(reply))).toMatchObject({ status: 403 });
  });
});
