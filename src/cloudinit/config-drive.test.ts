import { describe, expect, test } from 'vitest';
import { configDriveFiles } from './config-drive.ts';
import type { NoCloudInput } from './documents.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const input: NoCloudInput = {
  instanceId: 'vrtg-abcdefgh2345',
  hostname: 'win-1',
  userData: undefined,
  metaData: undefined,
  nics: [],
};

function read(change: Partial<NoCloudInput>): Record<string, unknown> {
  const files = configDriveFiles({ ...input, ...change });
  return Object.fromEntries(
    files.map(({ name, bytes: content }) => {
      const text = new TextDecoder().decode(content);
      return [name.replace('openstack/latest/', ''), name.endsWith('.json') ? JSON.parse(text) : text];
    }),
  );
}

describe('a config drive', () => {
  test('says who the guest is, and nothing of what nobody gave', () => {
    expect(read({})).toEqual({ 'meta_data.json': { uuid: input.instanceId, hostname: 'win-1', name: 'win-1' } });
  });

  test('has the user data byte for byte', () => {
    const userData = bytes('#ps1_sysnative\r\nWrite-Host ü\r\n');
    expect(read({ userData })['user_data']).toBe('#ps1_sysnative\r\nWrite-Host ü\r\n');
  });

  test("has the owner's meta data under the names of a config drive, and the rest as it is written", () => {
    const metaData = bytes(
      'instance-id: own\nlocal-hostname: other\npublic-keys: |\n  ssh-rsa A\n  ssh-rsa B\nmeta: {admin_pass: "on"}\nlevel: 0123\n',
    );
    expect(read({ metaData })['meta_data.json']).toEqual({
      uuid: 'own',
      hostname: 'other',
      name: 'win-1',
      public_keys: { 'key-0': 'ssh-rsa A', 'key-1': 'ssh-rsa B' },
      meta: { admin_pass: 'on' },
      level: '0123',
    });
  });

  test('has links by MAC, an address of each family with its routes, and name servers once', () => {
    const nics: NoCloudInput['nics'] = [
      {
        mac: 'BC:24:11:00:00:01',
        addresses: [
          { family: 4, address: '192.0.2.5', prefix: 22 },
          { family: 6, address: '2001:db8::5', prefix: 52 },
        ],
        gateways: ['192.0.2.1', '2001:db8::1'],
        dns: ['192.0.2.53'],
      },
      { mac: 'BC:24:11:00:00:02', addresses: [], gateways: [], dns: ['192.0.2.54', '192.0.2.54'] },
    ];
    expect(read({ nics })['network_data.json']).toEqual({
      links: [
        { id: 'nic0', type: 'phy', ethernet_mac_address: 'bc:24:11:00:00:01' },
        { id: 'nic1', type: 'phy', ethernet_mac_address: 'bc:24:11:00:00:02' },
      ],
      networks: [
        {
          id: 'nic0-ipv4',
          type: 'ipv4',
          link: 'nic0',
          ip_address: '192.0.2.5',
          netmask: '255.255.252.0',
          routes: [{ network: '0.0.0.0', netmask: '0.0.0.0', gateway: '192.0.2.1' }],
          services: [{ type: 'dns', address: '192.0.2.53' }],
        },
        {
          id: 'nic0-ipv6',
          type: 'ipv6',
          link: 'nic0',
          ip_address: '2001:db8::5',
          netmask: 'ffff:ffff:ffff:f000::',
          routes: [{ network: '::', netmask: '::', gateway: '2001:db8::1' }],
          services: [],
        },
        { id: 'nic1-dhcp', type: 'ipv4_dhcp', link: 'nic1' },
      ],
      services: [{ type: 'dns', address: '192.0.2.54' }],
    });
  });

  test.each(['network-config: {version: 2}', 'network: {version: 2}'])('has no place for "%s"', (text) => {
    expect(() => read({ metaData: bytes(text) })).toThrow(/^meta_data: a Windows guest cannot read its "network/);
  });

  test.each(['a: *nowhere', 'a: [', '- a'])('refuses meta data that cannot be read: %s', (text) => {
    expect(() => read({ metaData: bytes(text) })).toThrow(/^meta_data: /);
  });
});
