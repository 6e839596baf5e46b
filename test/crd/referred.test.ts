// A VirtualMachine with what it refers to: networks, Secrets, a policy.
import { NO_PLACEMENT } from '#domain/vm-spec';
import { describe, expect, test } from 'vitest';
import { bundlesIn } from '../support/bundle.ts';
import { parse } from 'yaml';
import { type NormalisedVm, normaliseVm } from '#crd/normalise';

type Spec = Readonly<Record<string, unknown>>;

const API = 'infra.virtrigaud.io/v1beta1';

function object(kind: string, name: string, spec: Spec): string {
  return JSON.stringify({ apiVersion: API, kind, metadata: { name }, spec });
}

function secret(name: string, entries: Spec, field = 'stringData'): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name }, [field]: entries });
}

function normalise(vm: Spec, ...others: string[]): NormalisedVm {
  const manifests = [
    object('VirtualMachine', 'web', { classRef: { name: 'c' }, imageRef: { name: 'i' }, ...vm }),
    object('VMClass', 'c', { cpus: 1, memory: '1Gi' }),
    object('VMImage', 'i', { source: 'debian' }),
    ...others,
  ];
  const [bundle] = bundlesIn(manifests.join('\n---\n'));
  if (bundle === undefined) throw new Error('no VirtualMachine');
  return normaliseVm(bundle);
}

const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

const KEY = 'ssh-ed25519 AAAAC3Nz anna';
const OTHER = 'from="10.0.0.0/8" ssh-rsa AAAAB3Nz bert';

describe('SSH keys', () => {
  const fromSecret = { userData: { sshKeys: { secretRef: { name: 'keys' } } } };

  test('of a Secret become public-keys in the meta data, each once', () => {
    const keys = secret('keys', { anna: `# Anna\n${KEY}\n`, bert: `${OTHER}\n\n${KEY}\n` });
    const { spec } = normalise(fromSecret, keys);
    expect(parse(text(spec.metaData))).toEqual({ 'public-keys': [KEY, OTHER] });
    expect(spec.userData).toBeUndefined();
  });

  test('are those of one entry where it is named, and stand beside those in the manifest', () => {
    const sshKeys = { inline: OTHER, secretRef: { name: 'keys', key: 'anna' } };
    const { spec } = normalise({ userData: { sshKeys } }, secret('keys', { anna: KEY, other: 'nothing of the kind' }));
    expect(parse(text(spec.metaData))).toEqual({ 'public-keys': [OTHER, KEY] });
  });

  test('leave user data byte for byte, and meta data with its comments', () => {
    const vm = {
      userData: { cloudInit: { inline: '#!/bin/sh\ntrue\n' }, sshKeys: { inline: KEY } },
      metaData: { cloudInit: { inline: '# ours\nrole: web\n' } },
    };
    const { spec } = normalise(vm);
    expect(text(spec.userData)).toBe('#!/bin/sh\ntrue\n');
    expect(text(spec.metaData)).toBe(`# ours\nrole: web\npublic-keys:\n  - ${KEY}\n`);
  });

  test.each([
    [
      secret('keys', { id: '-----BEGIN OPENSSH PRIVATE KEY-----' }),
      /sshKeys.secretRef: entry "id": line 1 is no public/,
    ],
    [secret('other', { id: KEY }), /there is no Secret "keys" in namespace "default"/],
  ])('are refused where they are none: %s', (keys, says) => {
    expect(() => normalise(fromSecret, keys)).toThrow(says);
  });

  test('are refused beside public-keys, in an entry that is not there, and in meta data that is no mapping', () => {
    const beside = (inline: string): Spec => ({
      userData: { sshKeys: { inline: KEY } },
      metaData: { cloudInit: { inline } },
    });
    expect(() => normalise(beside('public-keys: []\n'))).toThrow(/metaData.cloudInit: it has "public-keys"/);
    expect(() => normalise(beside('- a\n'))).toThrow(/metaData.cloudInit: it is no YAML mapping/);
    const sshKeys = { secretRef: { name: 'keys', key: 'bert' } };
    expect(() => normalise({ userData: { sshKeys } }, secret('keys', { anna: KEY }))).toThrow(/has no entry "bert"/);
  });
});

describe('a document in a Secret', () => {
  const vm = { userData: { cloudInit: { secretRef: { name: 's' } } } };

  test('is taken byte for byte, from data too', () => {
    const bytes = [0x1f, 0x8b, 0xff, 0x00];
    const data = { 'user-data': btoa(String.fromCharCode(...bytes)) };
    expect([...(normalise(vm, secret('s', data, 'data')).spec.userData ?? [])]).toEqual(bytes);
  });

  test('stands beside one in the manifest: as MIME parts, and as more meta data', () => {
    const both = { inline: '#cloud-config\na: 1\n', secretRef: { name: 's' } };
    const entries = { userdata: '#cloud-config\nb: 2\n', metadata: 'c: 3\n' };
    const metaData = { cloudInit: { inline: 'd: 4', secretRef: { name: 's' } } };
    const { spec } = normalise({ userData: { cloudInit: both }, metaData }, secret('s', entries));
    expect(text(spec.userData)).toMatch(
      /^Content-Type: multipart\/mixed; boundary="(\w+)"\n[^]*--\1\n[^]*a: 1[^]*--\1\n[^]*b: 2[^]*--\1--\n$/,
    );
    expect(text(spec.metaData)).toBe('d: 4\nc: 3\n');
  });

  const besideInline = (inline: string): Spec => ({
    userData: { cloudInit: { inline, secretRef: { name: 's' } } },
  });

  // cloud-init believes a part's own word: a script that calls itself cloud-config is thrown away.
  test('is, as a part, called what it is', () => {
    const { spec } = normalise(besideInline('#!/bin/sh\ntrue\n'), secret('s', { userdata: '## template: jinja\n' }));
    expect(text(spec.userData).match(/^Content-Type: text\/\S+/gm)).toEqual([
      'Content-Type: text/x-shellscript;',
      'Content-Type: text/jinja2;',
    ]);
  });

  test('is refused as a part where it can be none', () => {
    const gzip = secret('s', { userdata: btoa('\x1f\x8b\xff') }, 'data');
    expect(() => normalise(besideInline('#cloud-config\n'), gzip)).toThrow(
      /cloudInit.secretRef: its document is no text/,
    );
    const mime = secret('s', { userdata: 'MIME-Version: 1.0\n' });
    expect(() => normalise(besideInline('#cloud-config\n'), mime)).toThrow(/cloudInit.secretRef: it is a MIME message/);
  });

  test('of Ignition stands alone', () => {
    const ignition = { inline: '{"ignition":{}}', secretRef: { name: 's' } };
    const entries = secret('s', { ignition: '{}' });
    expect(() => normalise({ userData: { ignition } }, entries)).toThrow(
      /userData.ignition.secretRef: there is an inline/,
    );
    const keys = { ignition: { inline: '{}' }, sshKeys: { inline: KEY } };
    expect(() => normalise({ userData: keys })).toThrow(/userData.sshKeys: Ignition reads no keys/);
  });

  test('has to have one of the known names', () => {
    expect(() => normalise(vm, secret('s', { other: 'x' }))).toThrow(
      /userData.cloudInit.secretRef: the Secret "s" has none of userdata, user-data, cloud-init, cloud-config/,
    );
  });

  test('is refused where it is not base64', () => {
    expect(() => normalise(vm, secret('s', { userdata: '%' }, 'data'))).toThrow(/data.userdata: it is not base64/);
  });
});

describe('a NIC on a VMNetworkAttachment', () => {
  const lan = object('VMNetworkAttachment', 'lan', {
    network: { proxmox: { bridge: 'vmbr1', vlanTag: 7, model: 'virtio', mtu: 9000, rateLimit: 10, firewall: true } },
    ipAllocation: {
      type: 'Static',
      staticConfig: { address: '10.0.0.5/24', gateway: '10.0.0.1' },
      dnsConfig: { servers: ['10.0.0.2'] },
    },
  });
  const on = (fields: Spec): Spec => ({ networks: [{ name: 'a', networkRef: { name: 'lan' }, ...fields }] });

  test('is as that says', () => {
    expect(normalise(on({}), lan).spec.networks).toEqual([
      {
        name: 'a',
        bridge: 'vmbr1',
        vlan: 7,
        model: 'virtio',
        mtu: 9000,
        rateLimit: 10,
        firewall: true,
        addresses: [{ family: 4, address: '10.0.0.5', prefix: 24 }],
        gateways: ['10.0.0.1'],
        dns: ['10.0.0.2'],
      },
    ]);
  });

  test('wins with what it says itself, its address without the gateway of the network', () => {
    const own = { bridge: 'vmbr2', vlan: 8, staticIP: { address: '10.1.0.5/24', dns: ['10.1.0.2'] } };
    expect(normalise(on(own), lan).spec.networks?.[0]).toMatchObject({
      bridge: 'vmbr2',
      vlan: 8,
      mtu: 9000,
      addresses: [{ address: '10.1.0.5' }],
      gateways: [],
      dns: ['10.1.0.2'],
    });
  });
});

describe('a VM that follows a policy', () => {
  const policy = object('VMPlacementPolicy', 'p', {
    nodeSelector: ['pve1'],
    antiAffinity: [{ key: 'app', operator: 'Exists' }],
    constraints: { maxVMsPerNode: 3, minFreeMemory: '2Gi' },
    hard: { datastores: ['ceph'], resourcePools: ['prod'] },
  });

  test('is placed as that says, and as itself says first', () => {
    const vm = { placementRef: { name: 'p' }, placement: { host: 'pve9', datastore: 'own' } };
    const { spec, avoid } = normalise(vm, policy);
    expect(spec.placement).toEqual({
      ...NO_PLACEMENT,
      node: 'pve9',
      // Of the policy, which does not have that node.
      nodes: [],
      storage: 'own',
      pool: 'prod',
      maxVmsPerNode: 3,
      minFreeMemoryMib: 2048,
    });
    const byPolicy = normalise({ placementRef: { name: 'p' } }, policy).spec.placement;
    expect(byPolicy).toMatchObject({ node: undefined, nodes: ['pve1'], storage: 'ceph' });
    expect(avoid).toEqual([{ terms: [{ key: 'app', operator: 'Exists', values: [] }], namespaces: [] }]);
  });
});
