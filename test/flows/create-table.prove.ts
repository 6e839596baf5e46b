// Every source of a VM on every type of storage, with either firmware, in two versions of PVE: what PVE then holds, read
// from the world, or the refusal and a world in which nothing has changed. What is expected is written down here from what
// PVE's storages can do (pve-behaviour 8.3, 8.4, 9.2, 13.2), not asked of the provider.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GIB } from '#pve-sim/world/size';
import type { Volume } from '#pve-sim/world/world';
import type { Flow } from '../support/flow.ts';
import { createRequest, nic, rootDisk } from '../support/requests.ts';
import {
  startZoo,
  takesSnapshots,
  ZOO_DISK_GIB,
  ZOO_IMPORT,
  ZOO_ISO,
  ZOO_SNAPSHOT,
  ZOO_STORAGES,
  type ZooStorage,
  zooGuests,
} from '../support/storage-zoo.ts';

/** What is asked of the firmware, and what PVE then holds beside `scsi0`. */
const FIRMWARES = {
  BIOS: { class: { Firmware: 'BIOS' }, config: {}, volumes: [] },
  UEFI: { class: { Firmware: 'UEFI' }, config: { bios: 'ovmf' }, volumes: ['efidisk0'] },
  'UEFI with Secure Boot and TPM': {
    class: { Firmware: 'UEFI', SecurityProfile: { SecureBoot: true, TPMEnabled: true, TPMVersion: '2' } },
    config: { bios: 'ovmf' },
    volumes: ['efidisk0', 'tpmstate0'],
  },
} as const;

type Firmware = keyof typeof FIRMWARES;

interface Source {
  readonly title: string;
  /** The image, and where the disks are asked to be; linked clones stay where their source is. */
  ask(storage: ZooStorage): { image: Record<string, unknown>; placement?: Record<string, unknown> };
  /** Why not, in a word the refusal has to say; undefined where a VM comes of it. */
  refused(storage: ZooStorage): RegExp | undefined;
  /** The boot disk. */
  disk(storage: ZooStorage): ExpectedDisk;
  /** Options of the configuration that are not the same for all. */
  readonly config: Readonly<Record<string, string>>;
}

interface ExpectedDisk {
  readonly format: string;
  /** VMID of the guest whose base it hangs on. */
  readonly base?: number;
}

const isFile = ({ type }: ZooStorage): boolean => ['dir', 'nfs', 'btrfs'].includes(type);

/** What is made new is qcow2 where that is what can have snapshots, whatever the storage's default is. */
const fresh = (storage: ZooStorage): ExpectedDisk => ({
  format: isFile(storage) && storage.type !== 'btrfs' ? 'qcow2' : 'raw',
});

/** A copy keeps the format of its source, which here is the storage's own. */
const whole = ({ format }: ZooStorage): ExpectedDisk => ({ format });

/** qcow2 on files, whatever the base is; btrfs makes a subvolume, and block storages have raw volumes only. */
function linkedDisk(storage: ZooStorage): ExpectedDisk {
  const format = isFile(storage) && storage.type !== 'btrfs' ? 'qcow2' : 'raw';
  return { format, base: zooGuests(storage).template };
}

/** What a VM has that no template shapes. */
const NEW = { cpu: 'x86-64-v2-AES' };
const OF_GUEST = { boot: 'order=scsi0;net0' };
const cannotLink = ({ type }: ZooStorage): RegExp | undefined =>
  type === 'lvm' ? /linked.*lvm|lvm.*linked/i : undefined;

/** A snapshot there is none of, and one that PVE cannot copy from. */
function cannotCopySnapshot(storage: ZooStorage): RegExp | undefined {
  if (!takesSnapshots(storage)) return /snapshot/;
  return storage.type === 'zfspool' ? /snapshot.*zfs|zfs.*snapshot/i : undefined;
}

const SOURCES: readonly Source[] = [
  {
    title: 'a template, full',
    ask: (storage) => ({ image: { TemplateName: `template-${storage.id}`, CloneMode: 'full' } }),
    refused: () => undefined,
    disk: whole,
    config: OF_GUEST,
  },
  {
    title: 'a template on thin LVM, full, to this storage',
    ask: (storage) => ({
      image: { TemplateName: 'template-lvmthin', CloneMode: 'full' },
      placement: { Datastore: storage.id },
    }),
    refused: () => undefined,
    disk: (storage) => ({ format: isFile(storage) ? 'raw' : storage.format }),
    config: OF_GUEST,
  },
  {
    title: 'a template, linked',
    ask: (storage) => ({ image: { TemplateName: `template-${storage.id}`, CloneMode: 'linked' } }),
    refused: cannotLink,
    disk: linkedDisk,
    config: OF_GUEST,
  },
  {
    title: 'a snapshot, full',
    ask: (storage) => ({
      image: { TemplateName: `ordinary-${storage.id}`, CloneMode: 'full', Snapshot: ZOO_SNAPSHOT },
    }),
    refused: cannotCopySnapshot,
    disk: whole,
    config: OF_GUEST,
  },
  {
    title: 'a snapshot, linked',
    ask: (storage) => ({
      image: { TemplateName: `ordinary-${storage.id}`, CloneMode: 'linked', Snapshot: ZOO_SNAPSHOT },
    }),
    refused: (storage) => {
      if (!takesSnapshots(storage)) return /snapshot/;
      return ['lvmthin', 'rbd'].includes(storage.type) ? undefined : /linked/i;
    },
    disk: () => ({ format: 'raw' }),
    config: OF_GUEST,
  },
  {
    title: 'an ordinary VM, full',
    ask: (storage) => ({ image: { TemplateName: String(zooGuests(storage).ordinary) } }),
    refused: () => undefined,
    disk: whole,
    config: OF_GUEST,
  },
  {
    title: 'an ordinary VM, linked',
    ask: (storage) => ({ image: { TemplateName: `ordinary-${storage.id}`, CloneMode: 'linked' } }),
    refused: () => /linked/i,
    disk: whole,
    config: OF_GUEST,
  },
  {
    title: 'an ISO',
    ask: (storage) => ({ image: { TemplateName: '', ISO: ZOO_ISO }, placement: { Datastore: storage.id } }),
    refused: () => undefined,
    disk: fresh,
    config: { ...NEW, boot: 'order=scsi0;sata0;net0', sata0: `${ZOO_ISO},media=cdrom,size=650M` },
  },
  {
    title: 'a blank disk',
    ask: (storage) => ({ image: { TemplateName: '', Blank: true }, placement: { Datastore: storage.id } }),
    refused: () => undefined,
    disk: fresh,
    config: { ...OF_GUEST, ...NEW },
  },
  {
    title: 'import content',
    ask: (storage) => ({
      image: { TemplateName: '', Path: ZOO_IMPORT, Format: 'qcow2' },
      placement: { Datastore: storage.id },
    }),
    refused: () => undefined,
    // Where the storage takes the image's own format it stays.
    disk: (storage) => ({ format: isFile(storage) ? 'qcow2' : 'raw' }),
    config: { ...OF_GUEST, ...NEW },
  },
  {
    title: "another VM's disk",
    ask: (storage) => ({
      image: { TemplateName: '', Path: ordinaryDisk(storage), Format: 'raw' },
      placement: { Datastore: storage.id },
    }),
    refused: () => undefined,
    disk: fresh,
    config: { ...OF_GUEST, ...NEW },
  },
];

function ordinaryDisk(storage: ZooStorage): string {
  const { ordinary } = zooGuests(storage);
  const folder = isFile(storage) ? `${ordinary}/` : '';
  return `${storage.id}:${folder}vm-${ordinary}-disk-0${isFile(storage) ? `.${storage.format}` : ''}`;
}

/** What every VM of this table is asked to be, beside its source. */
const GROWN_GIB = ZOO_DISK_GIB + 4;
const CONFIG = {
  agent: '1',
  cores: '8',
  hotplug: 'network,disk,usb,cpu',
  memory: '4096',
  ostype: 'l26',
  scsihw: 'virtio-scsi-single',
  vcpus: '2',
};

/** Options that PVE or the claim gives each VM anew. */
const OWN_TO_EACH = ['description', 'meta', 'name', 'net0', 'scsi0', 'efidisk0', 'tpmstate0', 'smbios1', 'vmgenid'];

const rows = SOURCES.flatMap((source) =>
  ZOO_STORAGES.flatMap((storage) =>
    (Object.keys(FIRMWARES) as Firmware[]).map((firmware) => ({ source, storage, firmware })),
  ),
).map((row, index) => ({
  ...row,
  name: `vm-${index}`,
  title: `${row.source.title} on ${row.storage.id}, ${row.firmware}`,
}));

type Row = (typeof rows)[number];

describe.each(['8.4', '9.1'])('PVE %s', (profile) => {
  let flow: Flow;
  let before: { guests: string[]; volumes: string[] };
  /** Volumes that the rows account for. */
  const accounted: string[] = [];
  const made: number[] = [];

  beforeAll(async () => {
    flow = await startZoo(profile);
    before = { guests: Object.keys(flow.sim.world.guests), volumes: Object.keys(flow.sim.world.volumes) };
  });
  afterAll(async () => await flow.stop());

  it.concurrent.each(rows)('$title', async ({ source, storage, firmware, name }) => {
    const create = ask(flow, { source, storage, firmware, name });
    const refusal = source.refused(storage);
    if (refusal !== undefined) {
      const error: unknown = await create.catch((reason: unknown) => reason);
      expect(error).toMatchObject({ message: expect.stringMatching(refusal) as string });
      expect((error as { kind: string }).kind).toMatch(/^(invalid-spec|precondition|unsupported)$/);
      expect(Object.values(flow.sim.world.guests).filter(({ config }) => config['name'] === name)).toEqual([]);
      return;
    }
    const { id } = await create;
    made.push(Number(id));
    const { config, disks } = held(flow, Number(id));
    const { scsi0 } = disks;
    const wanted = FIRMWARES[firmware];
    expect(omit(config, OWN_TO_EACH)).toEqual({ ...CONFIG, ...source.config, ...wanted.config });
    expect(config['name']).toBe(name);
    expect(config['net0']).toMatch(/^virtio=BC:24:11:[0-9A-F:]{8},bridge=vmbr0$/);
    expect(scsi0).toMatchObject({ storage: storage.id, sizeBytes: GROWN_GIB * GIB, vmid: Number(id) });
    expect({ format: scsi0?.format, base: baseOf(scsi0) }).toEqual({ base: undefined, ...source.disk(storage) });
    expect(Object.keys(disks).sort()).toEqual([...wanted.volumes, 'scsi0'].sort());
    for (const key of wanted.volumes) expect(disks[key]).toMatchObject({ storage: storage.id, vmid: Number(id) });
    if ('efidisk0' in disks) {
      expect(config['efidisk0']).toMatch(/efitype=4m/);
      expect(/pre-enrolled-keys=1/.test(config['efidisk0'] ?? '')).toBe('tpmstate0' in disks);
    }
    if ('tpmstate0' in disks) expect(config['tpmstate0']).toMatch(/,version=v2.0$/);
    accounted.push(...Object.values(disks).map(keyOf));
  });

  it('leaves nothing beside what it was asked for', () => {
    const guests = Object.keys(flow.sim.world.guests).filter((vmid) => !before.guests.includes(vmid));
    const volumes = Object.keys(flow.sim.world.volumes).filter((key) => !before.volumes.includes(key));
    console.log(`PVE ${profile}: ${rows.length} rows, ${made.length} VMs, ${rows.length - made.length} refusals`);
    expect(guests.toSorted()).toEqual(made.map(String).toSorted());
    expect(volumes.toSorted()).toEqual(accounted.toSorted());
  });
});

async function ask(flow: Flow, { source, storage, firmware, name }: Omit<Row, 'title'>): Promise<{ id: string }> {
  const { image, placement } = source.ask(storage);
  const request = createRequest({
    name,
    class: FIRMWARES[firmware].class,
    image,
    networks: [nic()],
    disks: [{ ...rootDisk(GROWN_GIB), Type: '' }],
    ...(placement === undefined ? {} : { placement }),
  });
  return await flow.client.create(request);
}

/** The configuration of a VM and the volumes it names, as the world has them. */
function held(flow: Flow, vmid: number): { config: Record<string, string>; disks: Record<string, Volume> } {
  const config = flow.sim.world.guests[vmid]?.config ?? {};
  const disks = Object.entries(config).flatMap(([key, value]) => {
    const volume = Object.values(flow.sim.world.volumes).find(({ volid }) => volid === value.split(',')[0]);
    return volume?.content === 'images' ? [[key, volume] as const] : [];
  });
  return { config, disks: Object.fromEntries(disks) };
}

function baseOf(volume: Volume | undefined): number | undefined {
  const base = /base-(\d+)-/.exec(volume?.parent ?? '')?.[1];
  return base === undefined ? undefined : Number(base);
}

const keyOf = ({ node, volid }: Volume): string => `${node ?? ''}/${volid}`;

function omit(config: Readonly<Record<string, string>>, keys: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(config).filter(([key]) => !keys.includes(key)));
}
