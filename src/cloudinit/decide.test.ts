import { describe, expect, test } from 'vitest';
import { decideDelivery, type SeededGuest } from './decide.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJGIW/REY+zyH4iebC+bN+bbrXrC8DQcSslQSFSTuuJw a@b';
const ECDSA =
  'ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBBXsQU7fUIO0WjV7/3d7IrQ6bLbEFBqU2jDWQ+mbCq7fFIpmUrkbmMPqaHKUJvWcIfuhP3hOXxlfDaVvOFVwZQ0=';
const none = undefined;
const empty = new Uint8Array();
const guest: SeededGuest = { name: 'web-1', isWindows: false, pveMajor: 9, options: [] };

const some = bytes('#cloud-config\npackages: [nginx]\n');

describe('cloud-init reaches a guest', () => {
  test.each([
    ['auto', none, none, 'native'],
    ['auto', empty, empty, 'native'],
    ['auto', some, none, 'iso'],
    ['auto', none, some, 'iso'],
    ['iso', none, none, 'iso'],
    ['iso', some, none, 'iso'],
    ['native', none, none, 'native'],
    ['native', empty, none, 'native'],
  ] as const)('by setting %s, user data %j, meta data %j through %s', (setting, userData, metaData, expected) => {
    expect(decideDelivery(setting, { userData, metaData }, guest).kind).toBe(expected);
  });

  test.each([
    [some, none, 'user_data', 'packages'],
    [some, some, 'user_data', 'packages'],
    [none, bytes('a: b'), 'meta_data', '"a" \\(line 1\\)'],
  ])('not at all by setting native when there are other documents', (userData, metaData, field, word) => {
    const decide = (): unknown => decideDelivery('native', { userData, metaData }, guest);
    expect(decide).toThrow(expect.objectContaining({ kind: 'invalid-spec' }));
    expect(decide).toThrow(new RegExp(`^${field}: .*${word}.*Set PVE_CLOUDINIT=auto`));
  });
});

describe('documents that PVE can carry', () => {
  test.each<[string, string, string, readonly string[]]>([
    ['keys', `#cloud-config\nssh_authorized_keys:\n  - ${KEY}\n  - "${ECDSA}"\n`, '', [KEY, ECDSA]],
    ['the name of the VM', '#cloud-config\nhostname: web-1\n', '', []],
    ['what PVE says too', '#cloud-config # mine\n\nmanage_etc_hosts: true\n'.replace(' # mine', ''), '', []],
    ['a key from a Secret', '', `public-keys: ${KEY}\n`, [KEY]],
    ['keys from a Secret, one a line', '', `public-keys: |\n  ${KEY}\n\n  ${ECDSA}\n`, [KEY, ECDSA]],
    ['a list of keys from a Secret', '', `local-hostname: web-1\npublic-keys:\n- ${KEY}\n`, [KEY]],
    ['the same key twice', `#cloud-config\nssh_authorized_keys: ["${KEY}"]\n`, `public-keys: ["${KEY}"]`, [KEY]],
  ])('have %s', (_what, user, meta, sshKeys) => {
    const documents = { userData: bytes(user), metaData: bytes(meta) };
    for (const setting of ['auto', 'native'] as const) {
      expect(decideDelivery(setting, documents, guest)).toEqual({ kind: 'native', sshKeys });
    }
  });

  test.each<[string, string, string?]>([
    ['users', `#cloud-config\nusers: [{name: a, ssh_authorized_keys: ["${KEY}"]}]\n`],
    ['another host name', '#cloud-config\nhostname: web-2\n'],
    ['a host name that is no text', '#cloud-config\nhostname: on\n'],
    ['a password', '#cloud-config\npassword: x\n'],
    ['a key with options', `#cloud-config\nssh_authorized_keys: ['from="10.0.0.1" ${KEY}']\n`],
    ['a key with a comment in another script', `#cloud-config\nssh_authorized_keys: ["${KEY}ü"]\n`],
    ['a key on two lines', `#cloud-config\nssh_authorized_keys: ["${KEY}\\n${KEY}"]\n`],
    ['a word that PVE negates', '#cloud-config\nmanage_etc_hosts: false\n'],
    ['another word beside keys', `#cloud-config\nssh_authorized_keys: ["${KEY}"]\nruncmd: []\n`],
    ['a list that is not in place', `#cloud-config\nx: &k ["${KEY}"]\nssh_authorized_keys: *k\n`],
    ['an anchor', `#cloud-config\nssh_authorized_keys: &k ["${KEY}"]\n`],
    ['a tag', `#cloud-config\nssh_authorized_keys: !!set {"${KEY}"}\n`],
    ['one word twice', `#cloud-config\nhostname: web-1\nhostname: web-1\n`],
    ['nothing', '#cloud-config\n'],
    ['a Jinja template', '## template: jinja\n#cloud-config\nhostname: web-1\n'],
    ['a script', '#!/bin/sh\n'],
    ['two documents', '#cloud-config\nhostname: web-1\n---\nhostname: web-1\n'],
    ['an instance-id', '', 'instance-id: i\n'],
    ['a network-config', '', 'network-config: {version: 2}\n'],
    ['keys by name', '', `public-keys: {me: "${KEY}"}\n`],
  ])('do not have %s: that takes an ISO', (_what, user, meta = '') => {
    expect(decideDelivery('auto', { userData: bytes(user), metaData: bytes(meta) }, guest)).toEqual({ kind: 'iso' });
  });

  test.each<[string, Partial<SeededGuest>]>([
    ['its drive upgrades all packages', { pveMajor: 7 }],
    ['the guest is a Windows', { isWindows: true }],
    ['its template names a user of its own', { options: ['ciuser'] }],
    ['its name has dots', { name: 'web-1.example.com' }],
  ])('travel in an ISO all the same where %s', (_why, change) => {
    const documents = { userData: bytes('#cloud-config\nhostname: web-1\n'), metaData: none };
    expect(decideDelivery('auto', documents, { ...guest, ...change })).toEqual({ kind: 'iso' });
  });

  test.each([
    ['ssh-ed25519 AAAA...', 'base64'],
    [KEY.replace('ed25519', 'rsa'), 'of that type'],
    [KEY.slice(0, 27), 'base64'],
    ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5', 'cut short'],
  ])('are refused by line for the key %s', (key, why) => {
    const userData = bytes(`#cloud-config\nssh_authorized_keys:\n  - ${KEY}\n  - ${key}\n`);
    const decide = (): unknown => decideDelivery('auto', { userData, metaData: none }, guest);
    expect(decide).toThrow(expect.objectContaining({ kind: 'invalid-spec' }));
    expect(decide).toThrow(new RegExp(`^user_data: line 4: not an SSH public key: .*${why}`));
    const metaData = bytes(`# from a Secret\npublic-keys: |\n  ${KEY}\n  ${key}\n`);
    expect(() => decideDelivery('auto', { userData: none, metaData }, guest)).toThrow(/^meta_data: line 4: /);
  });
});
