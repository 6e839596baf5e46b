// A template, a place and wishes for tests: what each of them changes is said where it is used.
import { type DiskSpec, NO_PLACEMENT, type VmSize, type VmSpec } from '#domain/vm-spec';
import type { NodeName, Vmid } from '#pve/ids';
import { type Plan, planVm, type Step } from './plan.ts';
import { defaultNetworkMap } from './network-map.ts';
import type { Have, HostFacts, Site, Wish } from './wish.ts';

export const TEMPLATE: Have['values'] = {
  agent: '1',
  boot: 'order=scsi0;net0',
  cores: '1',
  ide2: 'local-lvm:vm-171338-cloudinit,media=cdrom',
  memory: '2048',
  name: 'web-server',
  net0: 'virtio=BC:24:11:11:22:33,bridge=vmbr0,firewall=1,tag=99',
  ostype: 'l26',
  scsi0: 'local-lvm:vm-171338-disk-0,size=8G',
  scsihw: 'virtio-scsi-single',
  sockets: '2',
  tags: 'template;ubuntu',
};

const HOST: HostFacts = {
  leastCpus: 16,
  nodeCpus: undefined,
  nodeMemoryMib: undefined,
  storageTypes: { 'local-lvm': 'lvmthin', shared: 'nfs', thick: 'lvm', fast: 'zfspool', ceph: 'rbd', sub: 'btrfs' },
  diskStorages: ['ceph', 'fast', 'local-lvm', 'shared', 'thick'],
  cpuMhz: 3000,
  cpuModels: ['host', 'x86-64-v3', 'custom-mine'],
  mayModify: false,
};

/** Where no CPUs are prepared to be added. */
const SITE: Site = {
  macPrefix: 'BC:24:11',
  networkMap: defaultNetworkMap,
  bridges: ['vmbr0', 'vmbr1', 'vmbr2'],
  cloudInit: 'auto',
  version: { text: '9.1.9', major: 9, minor: 1, patch: 9 },
  isoStorage: { storage: 'shared', shared: true },
  defaultStorage: undefined,
  cpuHotplug: 'off',
  host: HOST,
};

export const SIZE: VmSize = {
  cpus: 2,
  memoryMib: 4096,
  firmware: 'bios',
  machine: undefined,
  bootDiskGib: undefined,
  diskType: undefined,
  storage: undefined,
  cloneMode: undefined,
  guestTools: undefined,
  performance: {},
  security: {},
  limits: {},
  extra: {},
};

const SPEC: VmSpec = {
  name: 'web-server',
  image: {
    kind: 'template',
    ref: 'ubuntu',
    cloneMode: undefined,
    snapshot: undefined,
    node: undefined,
    storage: undefined,
  },
  size: SIZE,
  networks: undefined,
  disks: undefined,
  tags: [],
  userData: undefined,
  metaData: undefined,
  placement: NO_PLACEMENT,
};

export const disk = (change: Partial<DiskSpec>): DiskSpec => ({
  name: 'root',
  sizeGib: 40,
  type: undefined,
  storage: undefined,
  ...change,
});

/** What has to be done so that a copy with `values` becomes the VM of the examples with `change`. */
export function plan(
  change: Partial<VmSpec>,
  values: Have['values'] = TEMPLATE,
  place: Partial<Omit<Site, 'host'>> & { readonly host?: Partial<HostFacts> } = {},
): Plan {
  const site: Site = { ...SITE, ...place, host: { ...HOST, ...place.host } };
  const wish: Wish = { spec: { ...SPEC, ...change }, incarnation: 'abcdefgh2345', site };
  return planVm(wish, { vmid: 171338 as Vmid, node: 'pve2' as NodeName, values });
}

/** What has to be done so that a VM in use with `values`, made here where nothing else is said, becomes that. */
export function planInUse(
  change: Partial<VmSpec>,
  values: Have['values'],
  more: Partial<Have> = {},
  keepsSize = false,
): Plan {
  const image = { kind: 'blank', node: undefined, storage: undefined } as const;
  const wish: Wish = { spec: { ...SPEC, image, ...change }, incarnation: 'abcdefgh2345', site: SITE, keepsSize };
  return planVm(wish, { vmid: 171338 as Vmid, node: 'pve2' as NodeName, inUse: 'made-here', ...more, values });
}

/** What the plan sets, with `undefined` for what it removes. */
export function options(made: Plan): Record<string, string | undefined> {
  const configure = made.steps.find((step): step is Extract<Step, { kind: 'configure' }> => step.kind === 'configure');
  return { ...configure?.set, ...Object.fromEntries((configure?.delete ?? []).map((key) => [key, undefined])) };
}

const GIB = 1024 ** 3;
const BY_PVE = /^([^:,]+):(\d+)(?=,|$)/;

/** The copy after the plan, as PVE would hold it: disks that were asked for have got their volumes. */
export function after(made: Plan, values: Have['values'] = TEMPLATE): Have['values'] {
  const next: Record<string, string> = { ...values };
  for (const step of made.steps) {
    if (step.kind === 'destroy') for (const drive of step.drives) delete next[drive];
    if (step.kind === 'configure') {
      for (const key of step.delete) delete next[key];
      Object.assign(
        next,
        Object.fromEntries(Object.entries(step.set).map(([key, value]) => [key, allocated(key, value)])),
      );
    }
    if (step.kind === 'resize') {
      next[step.disk] = (next[step.disk] ?? '').replace(/(,size=\w+)?$/, `,size=${step.sizeBytes / GIB}G`);
    }
  }
  return next;
}

function allocated(key: string, value: string): string {
  if (!BY_PVE.test(value)) return value;
  const isFixed = key === 'efidisk0' || key === 'tpmstate0';
  const [, , gib] = BY_PVE.exec(value) ?? [];
  const stored = value.replace(BY_PVE, `$1:vm-171338-${key}`).replace(/,format=\w+/, '');
  return `${stored},size=${isFixed ? '4M' : `${gib ?? ''}G`}`;
}
