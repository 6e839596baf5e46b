import { parseCidr } from '#domain/ip';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { noCloudFiles, type NoCloudInput } from './documents.ts';
import type { SeedNic } from './network-config.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

function files(input: Partial<NoCloudInput>): Record<string, string> {
  const seed = noCloudFiles({
    instanceId: 'vrtg-abcdefgh2345',
    hostname: 'web-server',
    userData: undefined,
    metaData: undefined,
    nics: [],
    ...input,
  });
  return Object.fromEntries(seed.map((file) => [file.name, new TextDecoder().decode(file.bytes)]));
}

function metaData(text: string): Record<string, string> {
  return files({ metaData: encode(text) });
}

function nic(mac: string, cidrs: readonly string[] = [], gateways: readonly string[] = []): SeedNic {
  return { mac, addresses: cidrs.map((text) => parseCidr(text)).filter((ip) => ip !== undefined), gateways, dns: [] };
}

describe('a NoCloud seed', () => {
  test('carries user data byte for byte', () => {
    const userData = Uint8Array.from({ length: 256 }, (_, index) => index);
    const [file] = noCloudFiles({ instanceId: 'i', hostname: 'h', userData, metaData: undefined, nics: [] });
    expect(file).toEqual({ name: 'user-data', bytes: userData });
  });

  test('has an empty user-data file where there is no user data, since cloud-init wants the file', () => {
    expect(files({})).toEqual({
      'user-data': '',
      'meta-data': 'instance-id: "vrtg-abcdefgh2345"\nlocal-hostname: "web-server"\n',
    });
  });
});

describe('meta data of its owner', () => {
  test('wins over ours key by key, also for the instance-id', () => {
    expect(parse(metaData('instance-id: i-1\nzone: a\n')['meta-data'] ?? '')).toEqual({
      'instance-id': 'i-1',
      'local-hostname': 'web-server',
      zone: 'a',
    });
  });

  test.each(['instance-id:\n', "instance-id: ''\n"])('is completed where a key says nothing: %j', (text) => {
    expect(metaData(text)['meta-data']).toContain('instance-id: "vrtg-abcdefgh2345"');
  });

  test('keeps comments, and words that YAML 1.1 reads differently, as they were written', () => {
    const text = '# mine\nlocal-hostname: web # here\nn: 0123\nb: on\nhex: 0x1F\ninstance-id: "1"\n';
    expect(metaData(text)['meta-data']).toBe(text);
  });

  test.each(['', '# nothing\n', '---\n'])('may be empty: %j', (text) => {
    expect(parse(metaData(text)['meta-data'] ?? '')).toHaveProperty('local-hostname', 'web-server');
  });

  test.each(['network-config', 'network'])('is heard where it has %s: that is the network-config', (key) => {
    const nics = [nic('BC:24:11:00:00:01')];
    const seed = files({ metaData: encode(`${key}:\n  version: 2\n  ethernets: {}\na: b\n`), nics });
    expect(seed['network-config']).toBe('version: 2\nethernets: {}\n');
    expect(parse(seed['meta-data'] ?? '')).not.toHaveProperty(key);
  });

  test('may give the network-config as text', () => {
    expect(metaData('network-config: |\n  version: 1\n  config: []\n')['network-config']).toBe(
      'version: 1\nconfig: []\n',
    );
  });

  test.each([
    ['- a\n', 'it has to be a mapping'],
    ['a: 1\na: 2\n', 'line 2: not valid YAML: Map keys must be unique'],
    ['a: 1\n---\nb: 2\n', 'line 2: not valid YAML: Source contains multiple documents'],
    ['a: "b\n', 'not valid YAML'],
    ['a: *x\n', 'alias'],
    ['a: &x {version: 2}\nnetwork:\n  b: *x\n', 'alias'],
    ['network: {}\nnetwork-config: {}\n', 'it has both "network-config" and "network"'],
    ['network: [a]\n', '"network" is neither a mapping nor text'],
    ['network: aGk=\nnetwork.encoding: base64\n', '"network.encoding" is not supported'],
  ])('is refused where it reads %j', (text, says) => {
    expect(() => metaData(text)).toThrow(expect.objectContaining({ kind: 'invalid-spec' }));
    expect(() => metaData(text)).toThrow(/^meta_data: /);
    expect(() => metaData(text)).toThrow(says);
  });
});

describe('the network-config', () => {
  const config = (...nics: SeedNic[]): unknown => parse(files({ nics })['network-config'] ?? '', { version: '1.1' });

  test('finds NICs by MAC in lower case, also one that YAML 1.1 could take for a number, and asks for DHCP', () => {
    expect(config(nic('52:54:00:12:34:56'), nic('BC:24:11:0A:00:01'))).toEqual({
      version: 2,
      ethernets: {
        nic0: { match: { macaddress: '52:54:00:12:34:56' }, dhcp4: true },
        nic1: { match: { macaddress: 'bc:24:11:0a:00:01' }, dhcp4: true },
      },
    });
  });

  test('gives static addresses of both families with a default route and name servers', () => {
    const addresses = nic('BC:24:11:00:00:01', ['10.0.0.5/24', '2001:db8::5/64'], ['10.0.0.1', '2001:db8::1']);
    expect(config({ ...addresses, dns: ['8.8.8.8', '2001:4860:4860::8888'] })).toEqual({
      version: 2,
      ethernets: {
        nic0: {
          match: { macaddress: 'bc:24:11:00:00:01' },
          addresses: ['10.0.0.5/24', '2001:db8::5/64'],
          routes: [
            { to: '0.0.0.0/0', via: '10.0.0.1' },
            { to: '::/0', via: '2001:db8::1' },
            { to: '::/1', via: '2001:db8::1' },
            { to: '8000::/1', via: '2001:db8::1' },
          ],
          nameservers: { addresses: ['8.8.8.8', '2001:4860:4860::8888'] },
        },
      },
    });
  });

  test.each([
    ['10.0.0.5/32', '10.1.1.1'],
    ['2001:db8::5/128', 'fe80::1'],
  ])('says that the gateway beside %s is on the link', (cidr, gateway) => {
    expect(config(nic('BC:24:11:00:00:01', [cidr], [gateway]))).toHaveProperty('ethernets.nic0.routes.0.on-link', true);
  });
});
