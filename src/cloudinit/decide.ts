import { type Fault, invalidSpec } from '#domain/fault';
import { type Beyond, checkSshKeys, isGiven, readForNative, type SeedDocuments } from './closed-list.ts';

/** Setting `PVE_CLOUDINIT`. */
export type CloudInitSetting = 'auto' | 'native' | 'iso';

/** `native`: PVE's own drive and fields. `iso`: an image of ours. */
export type Delivery =
  | {
      readonly kind: 'native';
      /** Public keys for the guest's own user, each once; none leaves those of the template. */
      readonly sshKeys: readonly string[];
    }
  | { readonly kind: 'iso' };

/** What decides beside the documents. */
export interface SeededGuest {
  readonly name: string;
  readonly isWindows: boolean;
  /** Before version 8 PVE's drive upgrades all packages, whatever the documents say. */
  readonly pveMajor: number;
  /** Cloud-init options of the template that give a document another meaning, such as `ciuser`. */
  readonly options: readonly string[];
}

/** Whether an ISO may be needed: a first look, before anything of the guest is known. */
export function mayNeedIso(setting: CloudInitSetting, documents: SeedDocuments): boolean {
  return setting === 'iso' || (setting === 'auto' && hasDocuments(documents));
}

/**
 * How cloud-init reaches a guest. PVE's fields carry a document only where every word of it is on a closed list and
 * comes out the same; other documents ask for an ISO.
 * Throws `invalid-spec` where these are given and the setting forbids one: nothing is dropped silently.
 */
export function decideDelivery(setting: CloudInitSetting, documents: SeedDocuments, guest: SeededGuest): Delivery {
  if (setting === 'iso') return { kind: 'iso' };
  if (!hasDocuments(documents)) return { kind: 'native', sshKeys: [] };
  const reading = readForNative(documents, guest.name);
  if (reading.kind === 'beyond') {
    if (setting === 'native') throw cannotCarry(reading);
    return { kind: 'iso' };
  }
  if (setting === 'native' && guest.isWindows) throw noKeysForWindows(documents);
  const isSame = !guest.isWindows && guest.pveMajor >= 8 && guest.options.length === 0;
  if (setting === 'auto' && !isSame) return { kind: 'iso' };
  checkSshKeys(reading.sshKeys);
  return { kind: 'native', sshKeys: [...new Set(reading.sshKeys.map(({ text }) => text))] };
}

function hasDocuments({ userData, metaData }: SeedDocuments): boolean {
  return isGiven(userData) || isGiven(metaData);
}

const REMEDY = 'Set PVE_CLOUDINIT=auto, or leave it out of the VirtualMachine';

function cannotCarry({ field, what }: Beyond): Fault {
  const why = `PVE_CLOUDINIT=native allows PVE's own cloud-init fields only, and these cannot carry ${what}`;
  return invalidSpec(field, why, REMEDY);
}

function noKeysForWindows({ userData }: SeedDocuments): Fault {
  const field = isGiven(userData) ? 'user_data' : 'meta_data';
  return invalidSpec(field, "PVE's own cloud-init fields cannot carry documents to a Windows guest", REMEDY);
}
