import { describe, expect, it } from 'vitest';
import { Fault } from '#domain/fault';
import type { NicSpec, VmSpec } from '#domain/vm-spec';
import { disk, options, plan, planInUse, SIZE as size, TEMPLATE } from './examples.ts';
import type { Have } from './wish.ts';

// A VM in use: only what a request names is changed, and what somebody else has made of it stays.

const nic = (change: Partial<NicSpec> = {}): NicSpec => ({
  name: 'lan',
  bridge: undefined,
  vlan: undefined,
  model: undefined,
  mac: undefined,
  addresses: [],
  gateways: [],
  dns: [],
  ...change,
});
const GIB = 1024 ** 3;
const { ide2: _drive, tags: _tags, ...template } = TEMPLATE;
const VM: Have['values'] = {
  ...template,
  cores: '2',
  sockets: '1',
  memory: '4096',
  net0: 'virtio=BC:24:11:29:D4:A0,bridge=vmbr0,firewall=1',
  scsi1: 'local-lvm:vm-171338-disk-1,serial=data,size=10G',
};
const changed = (change: Partial<VmSpec>, values: Have['values'] = VM, more: Partial<Have> = {}) =>
  options(planInUse(change, values, more));
const resizes = (change: Partial<VmSpec>, values: Have['values'] = VM, more: Partial<Have> = {}) =>
  planInUse(change, values, more).steps.filter(({ kind }) => kind === 'resize');
const refusal = (change: Partial<VmSpec>, values: Have['values'] = VM, more: Partial<Have> = {}): string => {
  try {
    planInUse(change, values, more);
    return '';
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return `${error.kind} ${error.message}`;
  }
};

describe('a NIC', () => {
  const named = {
    ...VM,
    net0: 'virtio=BC:24:11:29:D4:A0,bridge=vmbr0,firewall=1,link_down=1,mtu=9000,queues=4,rate=5,tag=7',
  };

  it('that goes to another bridge keeps its MAC and every option but the VLAN, which was one of the old bridge', () => {
    expect(changed({ networks: [nic({ bridge: 'vmbr1' })] }, named)).toEqual({
      net0: 'virtio=BC:24:11:29:D4:A0,bridge=vmbr1,firewall=1,link_down=1,mtu=9000,queues=4,rate=5',
    });
    expect(changed({ networks: [nic({ vlan: 9 })] }, named)).toEqual({ net0: named.net0.replace('tag=7', 'tag=9') });
    expect(changed({ networks: [nic()] }, named)).toEqual({});
  });

  it('is found by the number in its MAC, whatever the prefix of the datacenter and wherever it has been moved', () => {
    const { net0: _, ...bare } = VM;
    const moved = {
      ...bare,
      net2: 'virtio=02:00:00:29:D4:A0,bridge=vmbr0',
      net0: 'virtio=AA:BB:CC:00:00:01,bridge=vmbr2',
    };
    expect(changed({ networks: [nic({ bridge: 'vmbr1' })] }, moved)).toEqual({
      net2: 'virtio=02:00:00:29:D4:A0,bridge=vmbr1',
    });
  });

  it('of somebody else at the place of a new one is left alone, and the request refused', () => {
    const foreign = { ...VM, net1: 'e1000=AA:BB:CC:00:00:01,bridge=vmbr2' };
    const two = { networks: [nic(), nic({ bridge: 'vmbr1' })] };
    expect(refusal(two, foreign)).toMatch(/^invalid-spec networks_json\[1\]: net1 .*AA:BB:CC:00:00:01.*MacAddress/);
    expect(changed({ networks: [nic(), nic({ bridge: 'vmbr1', mac: 'AA:BB:CC:00:00:01' })] }, foreign)).toEqual({
      net1: 'e1000=AA:BB:CC:00:00:01,bridge=vmbr1',
    });
    expect(changed(two, foreign, { inUse: 'made-elsewhere' })).toEqual({
      net1: 'e1000=AA:BB:CC:00:00:01,bridge=vmbr1',
    });
    expect(
      changed({ networks: [nic({ mac: undefined })] }, { ...VM, net0: 'virtio=AA:BB:CC:00:00:09,bridge=vmbr0' }),
    ).toEqual({});
  });

  it('that cannot be read here is not written over', () => {
    const odd = { ...VM, net1: 'brand-new-model=AA:BB:CC:00:00:01,bridge=vmbr2' };
    expect(changed({ networks: [nic(), nic({ bridge: 'vmbr1' })] }, odd)).toEqual({
      net2: 'virtio=BC:24:11:29:D4:A1,bridge=vmbr1',
    });
  });
});

describe('a disk', () => {
  it('is found by its serial number on whatever bus it is now', () => {
    const { scsi1: data, ...others } = VM;
    expect(resizes({ disks: [disk({ name: 'data', sizeGib: 11 })] }, { ...others, virtio3: data ?? '' })).toEqual([
      { kind: 'resize', disk: 'virtio3', sizeBytes: 11 * GIB },
    ]);
  });

  it('that was detached, or is about to be, gets no empty one in its place', () => {
    const { scsi1: data = '', ...others } = VM;
    const wanted = { disks: [disk({ name: 'data', sizeGib: 10 })] };
    const detached = { ...others, unused0: 'local-lvm:vm-171338-disk-1' };
    expect(refusal(wanted, detached)).toMatch(
      /^invalid-spec disks_json\[0\]\.Name: .*unused0 .*Attach it with the serial/,
    );
    expect(refusal(wanted, others, { leaving: { scsi1: data } })).toMatch(/scsi1, which goes at the next start/);
    expect(changed(wanted, others)).toHaveProperty('scsi1');
  });

  it('named twice, by its serial number and its slot, is refused', () => {
    const disks = [disk({ name: 'data', sizeGib: 10 }), disk({ name: 'scsi1', sizeGib: 20 })];
    expect(refusal({ disks })).toMatch(/^invalid-spec disks_json\[1\]\.Name: "scsi1" and "data" are one disk .*scsi1/);
    const boot = [disk({ name: 'root', sizeGib: 10 }), disk({ name: 'scsi0', sizeGib: 20 })];
    expect(refusal({ disks: boot })).toMatch(/"scsi0" and "root" are one disk/);
  });

  it('of a class grows where the VM boots from, also where a request has another name for that', () => {
    const adopted = { ...VM, scsi0: `${VM['scsi0'] ?? ''},serial=os` };
    const disks = [disk({ name: 'os', sizeGib: 8 })];
    const least = { ...size, bootDiskGib: 30 };
    expect(resizes({ disks, size: least }, adopted, { inUse: 'made-elsewhere' })).toEqual([
      { kind: 'resize', disk: 'scsi0', sizeBytes: 30 * GIB },
    ]);
    expect(resizes({ disks: [disk({ name: 'scsi0', sizeGib: 9 })] }, adopted, { inUse: 'made-elsewhere' })).toEqual([
      { kind: 'resize', disk: 'scsi0', sizeBytes: 9 * GIB },
    ]);
  });

  it('named root is the one that bears no name of another entry, whatever the boot order is now', () => {
    const reordered = { ...VM, boot: 'order=scsi1;scsi0' };
    const disks = [disk({ name: 'root', sizeGib: 12 }), disk({ name: 'data', sizeGib: 10 })];
    expect(resizes({ disks }, reordered)).toEqual([{ kind: 'resize', disk: 'scsi0', sizeBytes: 12 * GIB }]);
  });

  it('of a size that PVE does not tell is not compared, which is said before anything is written', () => {
    const unknown = { ...VM, scsi1: 'local-lvm:vm-171338-disk-1,serial=data' };
    const wanted = { disks: [disk({ name: 'data', sizeGib: 11 })] };
    expect(refusal(wanted, unknown)).toMatch(
      /^precondition disk scsi1 of VM 171338: compare its size: .*qm disk rescan/,
    );
  });
});

describe('memory', () => {
  const laidOut = { ...VM, numa: '1', numa0: 'cpus=0,memory=2048', numa1: 'cpus=1,memory=2048' };

  it('that is laid out by hand is not changed to what would not start', () => {
    expect(changed({}, laidOut)).toEqual({});
    expect(refusal({ size: { ...size, memoryMib: 8192 } }, laidOut)).toMatch(
      /^invalid-spec class_json\.MemoryMiB: NUMA nodes .*\(numa0, numa1\) for 4096 MiB/,
    );
    expect(() => plan({ size: { ...size, memoryMib: 8192 } }, laidOut)).toThrow(/numa0, numa1/);
  });

  it('of more than the node has is refused', () => {
    const place = { host: { nodeMemoryMib: 8000 } };
    expect(() => plan({ size: { ...size, memoryMib: 8192 } }, TEMPLATE, place)).toThrow(/has 8000 MiB/);
  });
});

describe('a request without a class', () => {
  it('leaves CPUs and memory as they are, even those that a class could not ask for', () => {
    const odd = { ...VM, hotplug: 'memory', numa: '1', memory: '512', vcpus: '1' };
    expect(options(planInUse({ tags: ['x'] }, odd, {}, true))).toEqual({ tags: 'x' });
  });
});

describe('what nobody names', () => {
  it('stays: tags as they are written, and an agent that somebody has switched off', () => {
    expect(changed({ tags: ['Web', 'new'] }, { ...VM, tags: 'Zeta;web' })).toEqual({ tags: 'Zeta;web;new' });
    expect(changed({ tags: ['web'] }, { ...VM, tags: 'Zeta;Web' })).toEqual({});
    expect(changed({}, { ...VM, agent: '0' })).toEqual({});
    expect(changed({ size: { ...size, guestTools: 'install' } }, { ...VM, agent: '0' })).toEqual({ agent: '1' });
  });

  it('of a machine that was raised is not lowered again', () => {
    const wanted = { size: { ...size, machine: 'pc-q35-8.0' } };
    expect(changed(wanted, { ...VM, machine: 'pc-q35-9.0' })).toEqual({});
    expect(changed(wanted, { ...VM, machine: 'pc-q35-7.2,viommu=intel' })).toEqual({
      machine: 'pc-q35-8.0,viommu=intel',
    });
  });

  it('stays in the cloud-init options: a gateway, the other family, keys of somebody else', () => {
    const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJGIW/REY+zyH4iebC+bN+bbrXrC8DQcSslQSFSTuuJw a@b';
    const native = {
      ...VM,
      ide2: 'local-lvm:vm-171338-cloudinit,media=cdrom',
      ipconfig0: 'gw=10.0.0.1,ip=10.0.0.5/24,ip6=auto',
      nameserver: '10.0.0.1,10.0.0.2',
      sshkeys: 'ssh-rsa%20OTHER',
    };
    const at = (address: string) => ({
      addresses: [{ family: 4 as const, address, prefix: 24 }],
      dns: ['10.0.0.1', '10.0.0.2'],
    });
    expect(changed({ networks: [nic(at('10.0.0.5'))] }, native)).toEqual({});
    expect(changed({ networks: [nic(at('10.0.0.6'))] }, native)).toEqual({
      ipconfig0: 'gw=10.0.0.1,ip=10.0.0.6/24,ip6=auto',
    });
    const metaData = new TextEncoder().encode(`public-keys: ["${key}"]`);
    expect(changed({ metaData }, native)).toEqual({ sshkeys: encodeURIComponent(`ssh-rsa OTHER\n${key}`) });
    expect(changed({ metaData }, { ...native, sshkeys: encodeURIComponent(`${key}\nssh-rsa OTHER`) })).toEqual({});
  });
});
