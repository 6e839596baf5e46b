import { describe, expect, test } from 'vitest';
import { listBridges } from '#pve/nodes/network';
import { listStorages } from '#pve/nodes/storage';
import { isoVolid, uploadIso } from '#pve/storage/upload';
import { deleteVolume, listVolumes } from '#pve/storage/volumes';
import { ask, node, taskEnds, upid, vmid } from './asking.ts';
import { call, failureOf, withScript, type Step } from './scripted-pve.ts';

const storage = { node, storage: 'local' };

describe('nodes and storages', () => {
  test('bridges are listed', async () => {
    const data = [
      { iface: 'vmbr0', type: 'bridge', active: 1, bridge_vlan_aware: 1 },
      { iface: 'vnet1', type: 'vnet' },
    ];
    const request = 'GET /nodes/pve1/network?type=any_bridge';
    expect(await ask(request, { data }, async (pve) => await listBridges(pve, node, call()))).toEqual([
      { name: 'vmbr0', type: 'bridge', active: true, vlanAware: true },
      { name: 'vnet1', type: 'vnet', active: false, vlanAware: false },
    ]);
  });

  test('storages are listed with what they take', async () => {
    const data = [
      { storage: 'local', type: 'dir', content: 'iso,vztmpl', enabled: 1, active: 1, shared: 0, total: '10', avail: 4 },
    ];
    const request = 'GET /nodes/pve1/storage?content=iso';
    expect(await ask(request, { data }, async (pve) => await listStorages(pve, node, call(), 'iso'))).toEqual([
      {
        storage: 'local',
        type: 'dir',
        content: ['iso', 'vztmpl'],
        enabled: true,
        active: true,
        shared: false,
        totalBytes: 10,
        availableBytes: 4,
      },
    ]);
  });

  test('volumes are listed', async () => {
    const data = [
      { volid: 'local:iso/x.iso', content: 'iso', format: 'iso', size: 19294208, ctime: '1700000000' },
      {
        volid: 'local:100/vm-100-disk-0.qcow2',
        content: 'images',
        format: 'qcow2',
        size: 1,
        vmid: '100',
        parent: null,
      },
    ];
    const request = 'GET /nodes/pve1/storage/local/content?content=iso&vmid=100';
    const volumes = await ask(
      request,
      { data },
      async (pve) => await listVolumes(pve, storage, call(), { content: 'iso', vmid }),
    );
    expect(volumes).toMatchObject([
      { volid: 'local:iso/x.iso', vmid: undefined, sizeBytes: 19_294_208, createdSeconds: 1_700_000_000 },
      { volid: 'local:100/vm-100-disk-0.qcow2', vmid: 100, content: 'images' },
    ]);
  });

  test('a volume is deleted as a task, or at once', async () => {
    const request = 'DELETE /nodes/pve1/storage/local/content/local%3Aiso%2Fx.iso';
    for (const steps of [[[request, { data: upid }], taskEnds()], [[request, { data: null }]]] satisfies Step[][]) {
      const result = await withScript(
        steps,
        async (pve) => await deleteVolume(pve, storage, 'local:iso/x.iso', call()),
      );
      expect(result.outcome).toBe('ok');
    }
  });

  test('an ISO is uploaded, and its volume id is known when it is there', async () => {
    const steps: Step[] = [['POST /nodes/pve1/storage/local/upload', { data: upid }], taskEnds()];
    await withScript(steps, async (pve, server) => {
      const volid = await uploadIso(pve, storage, 'vrtg-100.iso', new Uint8Array([1, 2]), call());
      expect(volid).toBe('local:iso/vrtg-100.iso');
      expect(volid).toBe(isoVolid('local', 'vrtg-100.iso'));
      expect(server.seen[0]?.body).toContain('name="content"\r\n\r\niso\r\n');
      expect(server.seen[0]?.body).toContain('name="filename"; filename="vrtg-100.iso"');
    });
  });

  test.each(['x.img', '../x.iso', 'a b.iso', `${'x'.repeat(252)}.iso`])(
    'an ISO named "%s" is refused before it is sent',
    async (name) => {
      await withScript([], async (pve) => {
        expect(await failureOf(uploadIso(pve, storage, name, new Uint8Array(), call()))).toBeInstanceOf(RangeError);
      });
    },
  );
});
