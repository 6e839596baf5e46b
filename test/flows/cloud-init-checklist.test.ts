import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type CreateParts, createRequest, nic } from '../support/requests.ts';
import { outcomeOf } from '../support/outcome.ts';
import { isoBytes, isoReader, readIsoFile, seedIsoOf } from '../support/seed-iso.ts';
import { createdInTheEnd, guestOf, type Stage, startStage } from '../support/stage.ts';

// What the provider before this one got wrong about NICs and cloud-init, by the numbers of the checklist. Each is read from
// the configuration that PVE ended up with.

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJGIW/REY+zyH4iebC+bN+bbrXrC8DQcSslQSFSTuuJw a@b';
const SCRIPT = '#!/bin/sh\necho hello\n';
const TEMPLATE = 9001;

let stage: Stage;
let template: Record<string, string>;
beforeAll(async () => {
  stage = await startStage({ simulator: { timeScale: 200, latency: false } });
  template = { ...guestOf(stage, TEMPLATE).config };
});
afterEach(() => {
  guestOf(stage, TEMPLATE).config = { ...template };
});
afterAll(async () => await stage.stop());

let made = 0;

/** The configuration of a new VM. */
async function configOf(parts: CreateParts): Promise<Readonly<Record<string, string>>> {
  made += 1;
  const id = await createdInTheEnd(stage, `row-${made}`, parts);
  return guestOf(stage, id).config;
}

const drivesOf = (config: Readonly<Record<string, string>>): string[] =>
  Object.keys(config).filter((key) => config[key]?.includes('media=cdrom') === true);

function readSeed(config: Readonly<Record<string, string>>, file: string): string {
  return readIsoFile(isoBytes(stage.sim, seedIsoOf({ config })?.volid ?? ''), file).toString();
}

const STATIC = { StaticIP: '192.0.2.10', Prefix: 24, Gateway: '192.0.2.1', DNS: '192.0.2.53,2001:db8::53' };

describe('NICs', () => {
  it('C2: bridge, VLAN, model and address are read under the names the manager sends, and under the older ones', async () => {
    const config = await configOf({
      networks: [
        nic({ Name: 'lan', Bridge: 'vmbr1', VLAN: 100, Model: 'e1000', ...STATIC }),
        {
          name: 'side',
          config: { bridge: 'vmbr2', model: 'virtio' },
          vlan: 7,
          mac: '02:00:00:aa:bb:cc',
          static_ip: { address: '198.51.100.5/25', gateway: '198.51.100.1', dns: ['198.51.100.53'] },
        },
      ],
    });
    expect(config).toMatchObject({
      net0: expect.stringMatching(/^e1000=BC:24:11:[0-9A-F:]{8},bridge=vmbr1,tag=100$/),
      net1: 'virtio=02:00:00:AA:BB:CC,bridge=vmbr2,tag=7',
      ipconfig0: 'gw=192.0.2.1,ip=192.0.2.10/24',
      ipconfig1: 'gw=198.51.100.1,ip=198.51.100.5/25',
    });
  });

  it('C3: they are set where there is no user data at all', async () => {
    const config = await configOf({ networks: [nic({ Name: 'dmz', ...STATIC })] });
    expect(config['net0']).toContain('bridge=vmbr1');
    expect(config['ipconfig0']).toBe('gw=192.0.2.1,ip=192.0.2.10/24');
    expect(seedIsoOf({ config })).toBeUndefined();
  });

  it.skipIf(isoReader() === undefined)(
    "C4: without networks the template's NIC keeps VLAN, firewall and model, also with user data [needs xorriso or isoinfo]",
    async () => {
      guestOf(stage, TEMPLATE).config['net0'] = 'e1000=BC:24:11:00:00:09,bridge=vmbr1,firewall=1,tag=99';
      for (const parts of [{}, { userData: SCRIPT }]) {
        const config = await configOf(parts);
        const [, mac = ''] = /^e1000=([0-9A-F:]{17}),bridge=vmbr1,firewall=1,tag=99$/.exec(config['net0'] ?? '') ?? [];
        expect(mac).not.toBe('');
        expect(mac).not.toBe('BC:24:11:00:00:09');
        if ('userData' in parts) expect(readSeed(config, 'network-config')).toContain(mac.toLowerCase());
        else expect(config['ipconfig0']).toBe('ip=dhcp');
      }
    },
  );

  it('C5: a MAC is written as PVE reads it, and is the one that was asked for', async () => {
    const { net0 } = await configOf({ networks: [nic({ MacAddress: '02:00:00:aa:bb:01' })] });
    expect(net0).toMatch(/^virtio=02:00:00:AA:BB:01,/);
    expect(net0).not.toMatch(/\bmac=/);
  });

  it.skipIf(isoReader() === undefined)(
    "C6: name servers are the whole VM's, addresses have their prefix, IPv6 its own words, in both ways [needs xorriso or isoinfo]",
    async () => {
      const networks = [
        nic({ StaticIP: '192.0.2.10/24,2001:db8::10/64', Gateway: '192.0.2.1,2001:db8::1', DNS: STATIC.DNS }),
      ];
      const native = await configOf({ networks });
      expect(native).toMatchObject({
        ipconfig0: 'gw=192.0.2.1,gw6=2001:db8::1,ip=192.0.2.10/24,ip6=2001:db8::10/64',
        nameserver: '192.0.2.53 2001:db8::53',
      });
      const iso = await configOf({ networks, userData: SCRIPT });
      const said = readSeed(iso, 'network-config');
      for (const text of ['192.0.2.10/24', '2001:db8::10/64', '192.0.2.53', '2001:db8::53'])
        expect(said).toContain(text);
      expect(iso['nameserver']).toBeUndefined();
    },
  );
});

describe('user data', () => {
  const MULTIPART = `Content-Type: multipart/mixed; boundary="VIRTRIGAUD_CLOUD_INIT_BOUNDARY"
MIME-Version: 1.0

--VIRTRIGAUD_CLOUD_INIT_BOUNDARY
Content-Type: text/cloud-config

#cloud-config
packages: [nginx]
--VIRTRIGAUD_CLOUD_INIT_BOUNDARY--
`;
  it.skipIf(isoReader() === undefined).each([
    ['users', '#cloud-config\nname: not-a-user\nusers:\n  - name: a\n  - name: b\nruncmd: [true]\n'],
    ['a message of several parts', MULTIPART],
  ])('C8: %s reaches the guest whole, with meta data [needs xorriso or isoinfo]', async (_what, userData) => {
    const config = await configOf({ userData, metaData: '# mine\nrole: web\n' });
    expect(readSeed(config, 'user-data')).toBe(userData);
    expect(readSeed(config, 'meta-data')).toMatch(/^# mine\nrole: web\ninstance-id: "vrtg-.*"\nlocal-hostname: "row-/);
    expect(config['ciuser']).toBeUndefined();
  });

  it('C8, O17: keys alone go to PVE, from user data and from a Secret, encoded twice on the way', async () => {
    const config = await configOf({
      userData: `#cloud-config\nssh_authorized_keys:\n  - ${KEY}\n`,
      metaData: `public-keys:\n  - ${KEY} second\n`,
    });
    expect(decodeURIComponent(config['sshkeys'] ?? '')).toBe(`${KEY}\n${KEY} second`);
    expect(seedIsoOf({ config })).toBeUndefined();
  });

  it('C8: what cannot be honoured is refused by name, and nothing is made', async () => {
    const { client } = await stage.another(1, { PVE_CLOUDINIT: 'native' });
    const rows = [
      ['#cloud-config\npackages: [nginx]\n', /^user_data: PVE_CLOUDINIT=native .*"packages" \(line 2\)/],
      [`#cloud-config\nssh_authorized_keys:\n  - ssh-ed25519 AAAA...\n`, /^user_data: line 3: not an SSH public key/],
    ] as const;
    for (const [userData, message] of rows) {
      const refused = await outcomeOf(client.create(createRequest({ name: 'refused', userData })));
      expect(refused).toMatchObject({ kind: 'invalid-spec', message: expect.stringMatching(message) });
    }
    expect(Object.values(stage.sim.world.guests).filter(({ config }) => config['name'] === 'refused')).toEqual([]);
  });

  it("C8: a key that only PVE finds wrong is the caller's mistake, and nothing is left of the VM", async () => {
    stage.sim.faults.add([
      {
        method: 'POST',
        path: '/config$',
        action: { answer: { status: 500, reason: 'SSH public key validation error' } },
      },
    ]);
    const request = createRequest({ name: 'odd-key', metaData: `public-keys: ["${KEY}"]\n` });
    const refused = await outcomeOf(stage.client.create(request));
    stage.sim.faults.clear();
    expect(refused).toMatchObject({ kind: 'invalid-spec', message: expect.stringContaining('ssh_authorized_keys') });
    expect(Object.values(stage.sim.world.guests).filter(({ config }) => config['name'] === 'odd-key')).toEqual([]);
  });
});

describe('the drive', () => {
  it("C9: is the template's own where it has one, else beside the boot disk, on another bus on a q35", async () => {
    const { ide2 = '', ...bare } = template;
    const { config } = guestOf(stage, TEMPLATE);
    delete config['ide2'];
    config['sata3'] = ide2;
    expect(drivesOf(await configOf({ networks: [nic(STATIC)] }))).toEqual(['sata3']);
    guestOf(stage, TEMPLATE).config = { ...bare };
    const added = await configOf({ networks: [nic(STATIC)] });
    expect(added['ide2']).toMatch(/^local-lvm:vm-\d+-cloudinit/);
    expect(drivesOf(added)).toEqual(['ide2']);
    expect(drivesOf(await configOf({ networks: [nic(STATIC)], class: { Machine: 'q35' } }))).toEqual(['scsi30']);
    expect(drivesOf(await configOf({ userData: SCRIPT, class: { Machine: 'q35' } }))).toEqual(['scsi30']);
  });

  it("C10: is all that changes in the template's boot order, and that is PVE's doing", async () => {
    guestOf(stage, TEMPLATE).config['boot'] = 'order=net0;scsi0;ide2';
    const orders = [];
    for (const parts of [
      { networks: [nic()] },
      { userData: SCRIPT },
      { userData: SCRIPT, class: { Machine: 'q35' } },
    ]) {
      orders.push((await configOf(parts))['boot']);
    }
    expect(orders).toEqual(['order=net0;scsi0;ide2', 'order=net0;scsi0;ide2', 'order=net0;scsi0;scsi30']);
  });
});
