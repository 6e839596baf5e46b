import { invalidSpec } from '#domain/fault';
import type { GuestDocument } from '#domain/guest-document';
import type { SshKeys } from '#domain/virtual-machine';
import type { Manifest } from '../manifests.ts';
import { refer } from '../refer.ts';
import {
  type DocumentManifest,
  IGNITION_KEYS,
  META_DATA_KEYS,
  type SshKeysManifest,
  USER_DATA_KEYS,
  type UserDataManifest,
} from './guest-data.ts';
import type { VirtualMachineSpec } from './spec.ts';

/** The document for the guest: cloud-init's, or Ignition's, which travels the same way. */
export function normaliseUserData(
  userData: UserDataManifest | undefined,
  from: Manifest,
  path: string,
): GuestDocument | undefined {
  const cloudInit = normaliseDocument(userData?.cloudInit, USER_DATA_KEYS, from);
  const ignition = normaliseDocument(userData?.ignition, IGNITION_KEYS, from);
  if (cloudInit !== undefined && ignition !== undefined) {
    throw invalidSpec(path, 'cloudInit and ignition are both set, and a guest reads one of them', 'Keep one');
  }
  if (ignition !== undefined) refuseBesideIgnition(userData, path);
  return cloudInit ?? ignition;
}

/** Ignition reads one document and nothing else: neither parts of MIME nor the keys in meta data. */
function refuseBesideIgnition({ ignition, sshKeys }: UserDataManifest = {}, path: string): void {
  if (ignition?.secretRef !== undefined && isSaid(ignition.inline)) {
    throw invalidSpec(
      `${path}.ignition.secretRef`,
      'there is an inline document too, and Ignition reads one',
      'Keep one',
    );
  }
  if (sshKeys?.secretRef !== undefined || isSaid(sshKeys?.inline)) {
    const remedy = 'Write them into the Ignition document, as passwd.users[].sshAuthorizedKeys';
    throw invalidSpec(`${path}.sshKeys`, 'Ignition reads no keys from outside its document', remedy);
  }
}

const isSaid = (text: string | undefined): boolean => text !== undefined && text.trim() !== '';

export function normaliseMetaData(metaData: VirtualMachineSpec['metaData'], from: Manifest): GuestDocument | undefined {
  return normaliseDocument(metaData?.cloudInit, META_DATA_KEYS, from);
}

/** undefined where it is absent or empty. */
function normaliseDocument(
  document: DocumentManifest | undefined,
  keys: readonly string[],
  from: Manifest,
): GuestDocument | undefined {
  const inline = document?.inline === '' ? undefined : document?.inline;
  const secret = refer(document?.secretRef, from);
  if (inline === undefined && secret === undefined) return undefined;
  return { inline, secret: secret === undefined ? undefined : { secret, keys } };
}

export function normaliseSshKeys(said: SshKeysManifest | undefined, from: Manifest): SshKeys | undefined {
  const { inline = '', secretRef } = said ?? {};
  if (inline.trim() === '' && secretRef === undefined) return undefined;
  const secret = refer(secretRef, from);
  const keys = secretRef?.key === undefined ? [] : [secretRef.key];
  return { inline: inline.trim() === '' ? undefined : inline, secret: secret && { secret, keys } };
}
