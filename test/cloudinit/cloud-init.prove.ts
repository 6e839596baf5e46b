// What guests find in the ISOs that the provider uploads, and on PVE's drive as the simulator writes it: read by xorriso,
// isoinfo, the kernel and cloud-init itself.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import {
  hasCloudInit,
  type Interfaces,
  readConfigDrive,
  readSeeds,
  type RenderAnswer,
  renderNetworks,
  type SeedAnswer,
} from '../support/cloud-init/guest.ts';
import { type CreateParts, createRequest, nic } from '../support/requests.ts';
import { isoBytes, seedIsoOf } from '../support/seed-iso.ts';
import { createdInTheEnd, forever, guestOf, type Stage, startStage } from '../support/stage.ts';

const isThere = hasCloudInit();
const asks = test.skipIf(!isThere);
const folder = mkdtempSync(join(tmpdir(), 'vrtg-cloud-init-'));

let stage: Stage;
beforeAll(async () => {
  stage = await startStage({ simulator: { latency: false } });
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await stage.stop();
});

let count = 0;

interface Made {
  readonly id: string;
  readonly config: Readonly<Record<string, string>>;
  /** Name of the guest's interface to its MAC. */
  readonly nics: Interfaces;
}

/** A VM made by a provider. */
async function made(parts: CreateParts, by: Pick<Stage, 'client'> = stage): Promise<Made> {
  count += 1;
  const id = await createdInTheEnd(by, parts.name ?? `guest-${count}`, parts);
  const { config } = guestOf(stage, id);
  const macs = Object.keys(config)
    .filter((key) => /^net\d+$/.test(key))
    .sort()
    .map((key, index) => [`ens${18 + index}`, /=([0-9A-F:]{17})/.exec(config[key] ?? '')?.[1] ?? '']);
  return { id, config, nics: Object.fromEntries(macs) as Interfaces };
}

/** The path of its ISO as it was uploaded. */
function isoOf({ id, config }: Made): string {
  const path = join(folder, `${id}.iso`);
  writeFileSync(path, isoBytes(stage.sim, seedIsoOf({ config })?.volid ?? ''));
  return path;
}

/** The files of an ISO, unpacked by xorriso. */
function unpacked(vm: Made): string {
  const out = join(folder, `${vm.id}-files`);
  execFileSync('xorriso', ['-osirrox', 'on:auto_chmod_on', '-indev', isoOf(vm), '-extract', '/', out], {
    stdio: 'pipe',
  });
  return out;
}

/** The documents of PVE's own drive, as the guest would find them. */
async function documentsOfPve({ id }: Made): Promise<string> {
  const out = join(folder, `${id}-pve`);
  mkdirSync(out);
  const at = `/nodes/${guestOf(stage, id).node}/qemu/${id}/cloudinit/dump`;
  for (const [type, name] of Object.entries({ user: 'user-data', network: 'network-config', meta: 'meta-data' })) {
    writeFileSync(join(out, name), String(await stage.pve.get(at, forever, { type })));
  }
  return out;
}

const CLOUD_CONFIG = '#cloud-config\npackages: [nginx]\nruncmd:\n  - [echo, "ünïcode ☃ 𝄞"]\n';
const SCRIPT = '#!/bin/sh\necho "$HOME"\r\n\ttab\n';
const MULTIPART = [
  'Content-Type: multipart/mixed; boundary="VIRTRIGAUD_CLOUD_INIT_BOUNDARY"\nMIME-Version: 1.0\n',
  '--VIRTRIGAUD_CLOUD_INIT_BOUNDARY\nContent-Type: text/cloud-config\n\n#cloud-config\npackages: [nginx]\n',
  '--VIRTRIGAUD_CLOUD_INIT_BOUNDARY\nContent-Type: text/cloud-config\n\n#cloud-config\nruncmd: [[date]]\n',
  '--VIRTRIGAUD_CLOUD_INIT_BOUNDARY--\n',
].join('\n');
const JINJA = '## template: jinja\n#cloud-config\nfqdn: {{ v1.local_hostname }}.example.com\n';
const LARGE = `#cloud-config\nwrite_files:\n  - path: /large\n    content: ${'0123456789abcdef'.repeat(65_536)}\n`;

interface Document {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** What cloud-init says of it. */
  readonly understood: Partial<SeedAnswer>;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const part = (type: string, body: string) => ({ type, body: Buffer.from(body).toString('base64') });

const DOCUMENTS: readonly Document[] = [
  {
    name: 'YAML with Unicode',
    bytes: bytes(CLOUD_CONFIG),
    understood: { config: { packages: ['nginx'], runcmd: [['echo', 'ünïcode ☃ 𝄞']] } },
  },
  { name: 'a script', bytes: bytes(SCRIPT), understood: { parts: [part('text/x-shellscript', SCRIPT)] } },
  {
    name: 'a MIME message as the Go manager makes it',
    bytes: bytes(MULTIPART),
    understood: { config: { packages: ['nginx'], runcmd: [['date']] } },
  },
  {
    name: 'gzip',
    bytes: gzipSync(CLOUD_CONFIG),
    understood: { config: { packages: ['nginx'], runcmd: [['echo', 'ünïcode ☃ 𝄞']] } },
  },
  {
    name: 'a Jinja template',
    bytes: bytes(JINJA),
    understood: { rendered: ['#cloud-config\nfqdn: jinja-guest.example.com\n'] },
  },
  {
    name: 'more than 1 MiB',
    bytes: bytes(LARGE),
    understood: { config: { write_files: [{ path: '/large', content: '0123456789abcdef'.repeat(65_536) }] } },
  },
];

describe('user data', () => {
  const vms = new Map<string, Made>();
  beforeAll(async () => {
    for (const document of DOCUMENTS) {
      const name = document.name.includes('Jinja') ? { name: 'jinja-guest' } : {};
      const request = { ...name, metaData: 'role: web\n' };
      vms.set(document.name, await madeWith(request, document.bytes));
    }
  });

  const vmOf = ({ name }: Document): Made => vms.get(name) ?? expect.fail(`no VM with ${name}`);

  test.skipIf(!canRun('isoinfo')).each(DOCUMENTS)(
    '$name comes back from isoinfo byte for byte [needs isoinfo]',
    (document) => {
      const iso = isoOf(vmOf(document));
      for (const [flag, name] of [
        ['-R', '/user-data'],
        ['-J', '/user-data;1'],
      ] as const) {
        const found = execFileSync('isoinfo', ['-i', iso, flag, '-x', name], { maxBuffer: 16 * 1024 ** 2 });
        expect(found.equals(document.bytes), flag).toBe(true);
      }
    },
  );

  test.skipIf(!canRun('xorriso')).each(DOCUMENTS)(
    '$name comes back from xorriso byte for byte [needs xorriso]',
    (document) => {
      const out = unpacked(vmOf(document));
      expect(readFileSync(join(out, 'user-data')).equals(document.bytes)).toBe(true);
      rmSync(out, { recursive: true });
    },
  );

  test.skipIf(!canMount())('comes back from the kernel byte for byte, label and all [needs a loop mount]', () => {
    for (const document of DOCUMENTS) {
      const { files, label } = mounted(isoOf(vmOf(document)));
      expect(label).toBe('cidata');
      expect(readFileSync(join(files, 'user-data')).equals(document.bytes), document.name).toBe(true);
    }
  });

  asks('is what cloud-init takes it for [needs cloud-init, scripts/fetch-cloud-init.sh]', () => {
    const answers = readSeeds(DOCUMENTS.map((document) => unpacked(vmOf(document))));
    for (const [index, document] of DOCUMENTS.entries()) {
      const answer = answers[index];
      expect(Buffer.from(answer?.userData ?? '', 'base64').equals(document.bytes), document.name).toBe(true);
      expect(answer, document.name).toMatchObject({
        ...document.understood,
        instanceId: expect.stringMatching(/^vrtg-[a-z2-7]{12}$/),
        metaData: { role: 'web' },
        networkConfig: { version: 2 },
      });
    }
  });
});

/** Bytes that are no text, which `createRequest` does not take. */
async function madeWith(parts: CreateParts, userData: Uint8Array): Promise<Made> {
  count += 1;
  const name = parts.name ?? `guest-${count}`;
  const request = createRequest({ ...parts, name });
  const { id } = await stage.client.create({ ...request, userData: new Uint8Array(userData) });
  const { config } = guestOf(stage, id);
  return { id, config, nics: {} };
}

function canRun(program: string): boolean {
  return spawnSync(program, ['-version']).status === 0;
}

/** Loop mounts are root's, and not every container allows them. */
function canMount(): boolean {
  if (process.getuid?.() !== 0 || !canRun('xorriso')) return false;
  const image = join(folder, 'empty.iso');
  spawnSync('xorriso', ['-outdev', image, '-volid', 'x', '-map', import.meta.filename, '/x', '-commit']);
  const at = join(folder, 'empty');
  mkdirSync(at, { recursive: true });
  if (spawnSync('mount', ['-o', 'loop,ro', image, at]).status !== 0) return false;
  return spawnSync('umount', [at]).status === 0;
}

/** A copy of what the kernel shows, and the volume's label. */
function mounted(iso: string): { files: string; label: string } {
  const at = mkdtempSync(join(folder, 'mount-'));
  const files = mkdtempSync(join(folder, 'copy-'));
  const label = execFileSync('blkid', ['-o', 'value', '-s', 'LABEL', iso]).toString().trim();
  execFileSync('mount', ['-o', 'loop,ro', iso, at]);
  try {
    cpSync(at, files, { recursive: true });
  } finally {
    execFileSync('umount', [at]);
  }
  return { files, label };
}

/** What one NIC is to have. */
interface Wanted {
  readonly addresses?: readonly string[];
  readonly gateways?: readonly string[];
  readonly dns?: readonly string[];
}

interface Scenario {
  readonly name: string;
  readonly networks: readonly Record<string, unknown>[];
  readonly wanted: readonly Wanted[];
}

const V4 = { StaticIP: '192.0.2.10', Prefix: 24, Gateway: '192.0.2.1', DNS: '192.0.2.53' };
const V4_WANTED = { addresses: ['192.0.2.10/24'], gateways: ['192.0.2.1'], dns: ['192.0.2.53'] };

const SCENARIOS: readonly Scenario[] = [
  { name: 'a static IPv4 address', networks: [nic(V4)], wanted: [V4_WANTED] },
  {
    name: 'a static IPv6 address',
    networks: [nic({ StaticIP: '2001:db8::10/64', Gateway: '2001:db8::1', DNS: '2001:db8::53' })],
    wanted: [{ addresses: ['2001:db8::10/64'], gateways: ['2001:db8::1'], dns: ['2001:db8::53'] }],
  },
  {
    name: 'both families',
    networks: [
      nic({
        StaticIP: '192.0.2.10/24,2001:db8::10/64',
        Gateway: '192.0.2.1,2001:db8::1',
        DNS: '192.0.2.53,2001:db8::53',
      }),
    ],
    wanted: [
      {
        addresses: ['192.0.2.10/24', '2001:db8::10/64'],
        gateways: ['192.0.2.1', '2001:db8::1'],
        dns: ['192.0.2.53', '2001:db8::53'],
      },
    ],
  },
  { name: 'DHCP', networks: [nic()], wanted: [{}] },
  { name: "a VLAN, which is the bridge's affair", networks: [nic({ VLAN: 100, ...V4 })], wanted: [V4_WANTED] },
  {
    name: 'three NICs, as the documented multi-nic-vm',
    networks: [
      nic({ ...V4, DNS: '192.0.2.53,198.51.100.53' }),
      nic({ Name: 'dmz', Bridge: 'vmbr1', VLAN: 100, StaticIP: '10.0.100.50', Prefix: 24 }),
      nic({ Name: 'mgmt', Bridge: 'vmbr2', MacAddress: '02:00:00:aa:bb:cc' }),
    ],
    wanted: [{ ...V4_WANTED, dns: ['192.0.2.53', '198.51.100.53'] }, { addresses: ['10.0.100.50/24'] }, {}],
  },
];

const RENDERERS = { netplan: 'ubuntu', eni: 'debian', networkd: 'arch', sysconfig: 'rhel' } as const;

describe.each([
  ['in an ISO', { userData: SCRIPT }, 'iso'],
  ["on PVE's drive", {}, 'pve'],
] as const)('networks %s', (_how, parts, way) => {
  const answers: { answer: RenderAnswer; nics: Interfaces; scenario: Scenario }[] = [];
  beforeAll(async () => {
    if (!isThere) return;
    const vms: Made[] = [];
    for (const { networks } of SCENARIOS) vms.push(await made({ ...parts, networks: [...networks] }));
    const jobs = [];
    for (const vm of vms) {
      const at = way === 'iso' ? unpacked(vm) : await documentsOfPve(vm);
      const nics = way === 'iso' ? vm.nics : renamed(vm.nics);
      jobs.push({ networkConfig: readFileSync(join(at, 'network-config'), 'utf8'), nics, renderers: RENDERERS });
    }
    for (const [index, answer] of renderNetworks(jobs).entries()) {
      const scenario = SCENARIOS[index];
      if (scenario !== undefined) answers.push({ answer, nics: jobs[index]?.nics ?? {}, scenario });
    }
  });

  asks.each(SCENARIOS.map(({ name }, index) => [name, index] as const))(
    '%s: netplan, ifupdown, networkd and ifcfg files say the same [needs cloud-init, scripts/fetch-cloud-init.sh]',
    (_name, index) => {
      const found = answers[index];
      if (found === undefined) throw new Error('nothing was rendered');
      const { answer, nics, scenario } = found;
      for (const [position, [name, mac]] of Object.entries(nics).entries()) {
        const wanted = scenario.wanted[position] ?? {};
        // PVE has one list of name servers for the whole guest.
        const dns = way === 'iso' ? (wanted.dns ?? []) : [];
        const said = { ...expected(wanted), ...(way === 'iso' ? { dns } : {}) };
        expect(inNetplan(answer, mac), `netplan of ${name}`).toMatchObject(said);
        const expectFile = (file: string, what: RegExp): void => expect(textOf(answer, file)).toMatch(what);
        for (const address of wanted.addresses ?? []) {
          expectFile(`eni:${name}`, new RegExp(`address ${escaped(address)}`));
          expectFile(`networkd:${name}`, new RegExp(`^Address=${escaped(address)}$`, 'm'));
          expectFile(
            `sysconfig:${name}`,
            new RegExp(`^(IPADDR|IPV6ADDR)=${escaped(address.replace(/\.(\d+)\/24$/, '.$1'))}$`, 'm'),
          );
        }
        for (const gateway of wanted.gateways ?? []) {
          expectFile(`eni:${name}`, gateways(gateway).eni);
          expectFile(`networkd:${name}`, gateways(gateway).networkd);
          expectFile(`sysconfig:${name}`, gateways(gateway).sysconfig);
        }
        for (const server of dns) {
          expectFile(`eni:${name}`, new RegExp(`dns-nameservers .*${escaped(server)}`));
          expectFile(`networkd:${name}`, new RegExp(`^DNS=.*${escaped(server)}`, 'm'));
          expectFile(`sysconfig:${name}`, new RegExp(`^DNS\\d=${escaped(server)}$`, 'm'));
        }
        if (wanted.addresses === undefined) {
          expectFile(`eni:${name}`, new RegExp(`iface ${name} inet dhcp`));
          expectFile(`networkd:${name}`, /^DHCP=(ipv4|yes)$/m);
          expectFile(`sysconfig:${name}`, /^BOOTPROTO=dhcp$/m);
        }
      }
      if (way === 'pve') {
        for (const server of scenario.wanted.flatMap(({ dns = [] }) => dns)) {
          expect(answer.sysconfig?.['etc/resolv.conf']).toContain(`nameserver ${server}`);
        }
      }
    },
  );
});

/** PVE names NICs itself, and cloud-init renames them so. */
function renamed(nics: Interfaces): Interfaces {
  return Object.fromEntries(Object.values(nics).map((mac, index) => [`eth${index}`, mac]));
}

function expected({ addresses = [], gateways: via = [] }: Wanted): Record<string, unknown> {
  return { dhcp4: addresses.length === 0, addresses: [...addresses], gateways: [...via] };
}

interface NetplanNic {
  readonly match?: { readonly macaddress?: string };
  readonly dhcp4?: boolean;
  readonly addresses?: readonly string[];
  readonly gateway4?: string;
  readonly gateway6?: string;
  readonly routes?: readonly { readonly to: string; readonly via: string }[];
  readonly nameservers?: { readonly addresses?: readonly string[] };
}

function inNetplan(answer: RenderAnswer, mac: string): Record<string, unknown> {
  const text = Object.values(answer.netplan ?? {})[0] ?? '';
  const file = parse(text) as { network: { ethernets: Record<string, NetplanNic> } };
  const found = Object.values(file.network.ethernets).find(({ match }) => match?.macaddress === mac.toLowerCase());
  const routes = (found?.routes ?? []).filter(({ to }) => to === '0.0.0.0/0' || to === '::/0' || to === 'default');
  return {
    dhcp4: found?.dhcp4 ?? false,
    addresses: found?.addresses ?? [],
    gateways: [found?.gateway4, found?.gateway6, ...routes.map(({ via }) => via)].filter((via) => via !== undefined),
    dns: found?.nameservers?.addresses ?? [],
  };
}

/** `eni:ens18`: the stanzas of one interface; otherwise its own files. */
function textOf(answer: RenderAnswer, which: string): string {
  const [kind, name] = which.split(':') as [keyof RenderAnswer, string];
  const files = Object.entries(answer[kind] ?? {}).filter(([path]) => !path.includes('udev'));
  if (kind !== 'eni') return files.flatMap(([path, text]) => (path.includes(name) ? [text] : [])).join('\n');
  const stanzas = files.flatMap(([, text]) => text.split(/^(?=auto |iface |# control-alias)/m));
  return stanzas.filter((stanza) => new RegExp(`^iface ${name} `).test(stanza)).join('\n');
}

/** How each form says where everything else goes, in one route or in two halves. */
function gateways(via: string): Readonly<Record<'eni' | 'networkd' | 'sysconfig', RegExp>> {
  const at = escaped(via);
  if (!via.includes(':')) {
    return {
      eni: new RegExp(`gateway ${at}|route add default gw ${at}`),
      networkd: new RegExp(`^(Destination=0\\.0\\.0\\.0/0\\n+)?Gateway=${at}$`, 'm'),
      sysconfig: new RegExp(`^GATEWAY=${at}$`, 'm'),
    };
  }
  const halves = (one: string, other: string): RegExp => new RegExp(`${one}[^]*${other}`, 'm');
  return {
    eni: new RegExp(`gateway ${at}|(${halves(`inet6 ::/1 gw ${at}`, `inet6 8000::/1 gw ${at}`).source})`),
    networkd: new RegExp(
      `(\\[Network\\][^[]*Gateway=${at}$)|(\\[Route\\]\\nGateway=${at}$)|(${halves(`Destination=::/1\\n+Gateway=${at}`, `Destination=8000::/1\\n+Gateway=${at}`).source})`,
      'm',
    ),
    sysconfig: new RegExp(`^IPV6_DEFAULTGW=${at}$|(${halves(`^::/1 via ${at} `, `^8000::/1 via ${at} `).source})`, 'm'),
  };
}

function escaped(text: string): string {
  return text.replaceAll('.', '\\.');
}

describe('a document of the closed list', () => {
  const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJGIW/REY+zyH4iebC+bN+bbrXrC8DQcSslQSFSTuuJw a@b';
  const ROWS: [string, CreateParts][] = [
    ['keys', { userData: `#cloud-config\nssh_authorized_keys:\n  - ${KEY}\n` }],
    ['keys from a Secret', { metaData: `public-keys: |\n  ${KEY}\n` }],
    [
      'keys from both',
      { userData: `#cloud-config\nssh_authorized_keys: ["${KEY}"]\n`, metaData: `public-keys: ["${KEY} 2"]` },
    ],
    ['the name', { userData: '#cloud-config\nhostname: NAME\n', metaData: 'local-hostname: NAME\n' }],
    ['managed hosts', { userData: '#cloud-config\nmanage_etc_hosts: true\n' }],
  ];
  /** What PVE says beside it, to every guest: see docs/cloud-init.md. */
  const PVE_ONLY = ['chpasswd', 'fqdn', 'hostname', 'manage_etc_hosts', 'users'];

  const folders: string[] = [];
  let answers: readonly SeedAnswer[] = [];
  beforeAll(async () => {
    if (!isThere) return;
    const iso = await stage.another(0, { PVE_CLOUDINIT: 'iso' });
    for (const [index, { userData = '', metaData = '' }] of ROWS.map(([, parts]) => parts).entries()) {
      const name = `closed-${index}`;
      const request = {
        name,
        userData: userData.replaceAll('NAME', name),
        metaData: metaData.replaceAll('NAME', name),
      };
      const native = await made(request);
      expect(seedIsoOf(native)).toBeUndefined();
      folders.push(await documentsOfPve(native));
      await stage.client.delete({ id: native.id });
      folders.push(unpacked(await made({ ...request, name }, iso)));
    }
    answers = readSeeds(folders);
    await iso.end();
  });

  asks.each(ROWS.map(([what], index) => [what, index] as const))(
    '%s: comes out the same either way [needs cloud-init, scripts/fetch-cloud-init.sh]',
    (_what, index) => {
      const [native, own] = answers.slice(2 * index, 2 * index + 2);
      if (native === undefined || own === undefined) throw new Error('cloud-init has not answered');
      expect(native.keys.toSorted()).toEqual(own.keys.toSorted());
      expect([native.hostname, native.fqdn]).toEqual([own.hostname, own.fqdn]);
      expect(own.hostname).toBe(`closed-${index}`);
      const others = ({ config }: SeedAnswer): string[] =>
        Object.keys(config).filter((key) => !PVE_ONLY.includes(key) && key !== 'ssh_authorized_keys');
      expect([others(native), others(own)]).toEqual([[], []]);
      expect(native.config).toMatchObject({ users: ['default'], manage_etc_hosts: true, chpasswd: { expire: false } });
      expect(own.config['manage_etc_hosts'] ?? true).toBe(true);
    },
  );
});

describe('a Windows guest', () => {
  asks(
    'finds a config drive, as a reader of OpenStack takes it [needs cloud-init, scripts/fetch-cloud-init.sh]',
    async () => {
      guestOf(stage, 9001).config['ostype'] = 'win11';
      const userData = '#ps1_sysnative\r\nWrite-Host "ü"\r\n';
      const networks = SCENARIOS.find(({ name }) => name === 'both families')?.networks ?? [];
      const vm = await made({
        name: 'win-1',
        userData,
        networks: [...networks, nic({ Name: 'dmz' })],
        metaData: 'public-keys: ssh-rsa A\n',
      });
      guestOf(stage, 9001).config['ostype'] = 'l26';
      const answer = readConfigDrive(unpacked(vm), vm.nics);
      expect(Buffer.from(answer.userData, 'base64').toString()).toBe(userData);
      expect(answer.metaData).toMatchObject({
        'instance-id': expect.stringMatching(/^vrtg-/),
        'local-hostname': 'win-1',
        public_keys: { 'key-0': 'ssh-rsa A' },
      });
      const [first, second] = answer.network.config;
      expect(first).toMatchObject({
        name: 'ens18',
        mac_address: vm.nics['ens18']?.toLowerCase(),
        subnets: [
          expect.objectContaining({ type: 'static', address: '192.0.2.10', netmask: '255.255.255.0', ipv4: true }),
          expect.objectContaining({ type: 'static6', address: '2001:db8::10', ipv6: true }),
        ],
      });
      expect(JSON.stringify(first)).toContain('"gateway":"192.0.2.1"');
      expect(JSON.stringify(first)).toContain('"gateway":"2001:db8::1"');
      expect(second).toMatchObject({ name: 'ens19', subnets: [{ type: 'dhcp4' }] });
    },
  );
});
