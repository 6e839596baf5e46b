// What a guest is told at its first boot.
import { localReference, text, word } from '../fields.ts';
import { optional, optionalObject, strictObject } from '../strict-object.ts';
import type { z } from 'zod';

/** A document, here or in a Secret. */
const document = (about: string, keys: string) =>
  optionalObject({
    inline: text('The document itself; it reaches the guest byte for byte.'),
    secretRef: localReference(`The Secret that has it, under ${keys}.`),
  }).describe(about);

export const USER_DATA_KEYS = ['userdata', 'user-data', 'cloud-init', 'cloud-config'] as const;
export const META_DATA_KEYS = ['metadata', 'meta-data', 'meta_data'] as const;
export const IGNITION_KEYS = ['ignition', 'userdata', 'user-data'] as const;

const named = (keys: readonly string[]): string => keys.map((key) => `\`${key}\``).join(' or ');

const keySecret = strictObject({
  name: word('Name of the Secret.', 253),
  ...optional({ key: word('The entry with the keys. Without it every entry is read.', 253) }),
}).describe('A Secret whose entries hold public keys, one a line, as in an `authorized_keys` file.');

const sshKeys = optionalObject({
  inline: text('Public keys, one a line.'),
  secretRef: keySecret,
}).describe(
  "SSH keys that may log in as the image's own user (and as root where the image allows it), beside whatever cloud-init user data says.",
);

export const userData = optionalObject({
  cloudInit: document('cloud-init user data of any form: `#cloud-config`, a script, MIME.', named(USER_DATA_KEYS)),
  ignition: document('Ignition configuration, in place of `cloudInit`.', named(IGNITION_KEYS)),
  sshKeys,
}).describe('What the guest is to do at its first boot.');

export const metaData = optionalObject({
  cloudInit: document('cloud-init meta data: a YAML mapping.', named(META_DATA_KEYS)),
}).describe('What the guest is told about itself.');

export type UserDataManifest = z.output<typeof userData>;
export type DocumentManifest = NonNullable<UserDataManifest['cloudInit']>;
export type SshKeysManifest = NonNullable<UserDataManifest['sshKeys']>;
