import { describe, expect, it } from 'vitest';
import { NO_PLACEMENT } from '#domain/vm-spec';
import { decodeClone, parseCloneFields } from './clone.ts';
import { type CloneWords, encodeClone } from './encode-clone.ts';
import { decodeSize } from './size.ts';

const decoded = (customize: unknown, classJson = '', placementJson = '') => {
  const fields = parseCloneFields({ classJson, placementJson, customizeJson: JSON.stringify(customize) });
  return decodeClone({ targetName: 'web', source: '100', linked: true, fields });
};
const textOf = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : new TextDecoder().decode(bytes);

describe('a Clone on the wire', () => {
  it('of which nothing is said, as Go says it, leaves all as the source has it', () => {
    const silent = {
      hostname: '',
      domain: '',
      timeZone: '',
      networks: null,
      tags: null,
      userData: null,
      sysprep: null,
    };
    const quiet = { ...silent, guestCommands: [], certificates: [], snapshot: '' };
    expect(decoded(quiet)).toEqual(decoded({}));
    expect(decoded({})).toMatchObject({
      clone: { keepsSize: true },
      image: { kind: 'template', ref: '100', cloneMode: 'linked', snapshot: undefined },
      networks: undefined,
      tags: [],
      userData: undefined,
      metaData: undefined,
    });
  });

  it('of which a part is said changes this part alone', () => {
    expect(textOf(decoded({ domain: 'example.org' }).metaData)).toBe('local-hostname: "web.example.org"\n');
    expect(textOf(decoded({ hostname: 'web' }).metaData)).toBeUndefined();
    expect(textOf(decoded({ timeZone: 'Europe/Berlin' }).userData)).toBe('#cloud-config\ntimezone: "Europe/Berlin"\n');
    expect(decoded({ networks: [{ name: 'net0', dns: ['1.1.1.1'] }] }).networks).toMatchObject([
      { name: 'net0', addresses: [], dns: ['1.1.1.1'], mac: undefined },
    ]);
    expect(decoded({ snapshot: 'before' }).image).toMatchObject({ snapshot: 'before' });
    expect(decoded({}, '{"cpu":2,"memory":"4Gi"}')).toMatchObject({
      clone: { keepsSize: false },
      size: { cpus: 2, memoryMib: 4096, bootDiskGib: undefined },
    });
    expect(decoded({}, '', '{"name":"spread","Host":"pve1"}').placement).toMatchObject({ node: 'pve1' });
  });

  it.each([
    [{ networks: [{ name: 'net0', ipAddress: '10.0.0.2' }] }, /networks\[0\]\.ipAddress: .*Set subnetMask/],
    [{ networks: [{ name: 'net0', subnetMask: '255.0.0.0' }] }, /networks\[0\]\.subnetMask: .*Set ipAddress/],
    [{ networks: [{ name: 'net0', gateway: '10.0.0.1' }] }, /networks\[0\]\.gateway: /],
    [{ networks: [{ name: 'net0', ipAddress: '10.0.0.2', subnetMask: '24' }] }, /networks\[0\]\.subnetMask: /],
    [
      { networks: [{ name: 'net0', ipAddress: '10.0.0.2/24', subnetMask: '255.255.0.0' }] },
      /networks\[0\]\.ipAddress: .*differs/,
    ],
    [
      { networks: [{ name: 'net0', dhcp: true, ipAddress: '10.0.0.2', subnetMask: '255.0.0.0' }] },
      /customize_json\.networks\[0\]/,
    ],
    [{ networks: [{ ipAddress: '10.0.0.2', subnetMask: '255.0.0.0' }] }, /customize_json\.networks\[0\]/],
    [{ networks: { name: 'net0' } }, /networks: must be a list/],
    [{ tags: 'a' }, /tags: must be a list/],
    [{ snapshot: 3 }, /snapshot: must be a text/],
    [{ userData: { cloudInit: { inline: 'x' }, ignition: { inline: '{}' } } }, /userData\.ignition: /],
    [[], /customize_json: must be an object, but is a list/],
  ])('that says %j is refused by field', (customize, words) => {
    expect(() => decoded(customize)).toThrow(words);
  });
});

describe('a Clone as the manager asks for it', () => {
  const silent = { domain: undefined, timeZone: undefined, networks: undefined, tags: [] };
  const asked = {
    source: '100',
    snapshot: undefined,
    targetName: 'web',
    linked: true,
    size: undefined,
    placement: NO_PLACEMENT,
    customization: { ...silent, hostname: undefined },
    userData: undefined,
    sshKeys: [],
  };
  const readBack = (words: CloneWords) => {
    const { sourceVmId: source, targetName, linked, ...fields } = encodeClone(words);
    return decodeClone({ source, targetName, linked, fields: parseCloneFields(fields) });
  };

  it('says nothing of what nobody asks for', () => {
    expect(readBack(asked)).toEqual(decoded({}));
  });

  it('is read as it was meant', () => {
    const size = decodeSize({ cpu: 2, memory: '4Gi' }, 'class_json');
    const nic = { name: 'net0', dhcp: undefined, gateway: '10.0.0.1', dns: ['1.1.1.1'], mac: '02:00:00:AA:BB:CC' };
    const spec = readBack({
      ...asked,
      snapshot: 'before',
      linked: false,
      size,
      placement: { ...NO_PLACEMENT, nodes: ['pve1'], storage: 'fast' },
      customization: {
        ...silent,
        hostname: 'shop',
        domain: 'example.org',
        networks: [{ ...nic, ipAddress: '10.0.0.9', subnetMask: '255.255.255.0' }],
        tags: ['blue'],
      },
      userData: new TextEncoder().encode('#cloud-config\n{}\n'),
      sshKeys: ['ssh-ed25519 AAAA me'],
    });
    expect(spec).toMatchObject({
      clone: { keepsSize: false },
      size,
      image: { snapshot: 'before', cloneMode: 'full' },
      placement: { nodes: ['pve1'], storage: 'fast' },
      networks: [{ name: 'net0', mac: nic.mac, gateways: [nic.gateway], dns: nic.dns, addresses: [{ prefix: 24 }] }],
      tags: ['blue'],
    });
    expect(textOf(spec.userData)).toBe('#cloud-config\n{}\n');
    expect(textOf(spec.metaData)).toBe('local-hostname: "shop.example.org"\npublic-keys: ["ssh-ed25519 AAAA me"]\n');
  });

  it('refuses user data that is no text', () => {
    expect(() => encodeClone({ ...asked, userData: new Uint8Array([255, 254]) })).toThrow(/userData: it is no text/);
  });
});
