import { createHash } from 'node:crypto';

/** What the name of an ISO of ours says. */
export interface IsoName {
  readonly vmid: number;
  /** Of the claim of the VM it was made for: 12 of `a-z2-7`. */
  readonly incarnation: string;
  /** The first 12 hex digits of the SHA-256 of its bytes. */
  readonly hash: string;
}

/** An ISO of ours as a volume of PVE. */
export interface IsoVolume extends IsoName {
  readonly storage: string;
}

const NAME = /^vrtg-([1-9][0-9]{2,8})-([a-z2-7]{12})-([0-9a-f]{12})\.iso$/;

/**
 * `vrtg-<vmid>-<incarnation>-<hash>.iso`. With the hash in it no upload ever changes an ISO in use: PVE overwrites a
 * file of the same name in place, under the guest that has it in its drive (pve-behaviour 28.9).
 */
export function formatIsoName(vmid: number, incarnation: string, iso: Uint8Array): string {
  const hash = createHash('sha256').update(iso).digest('hex').slice(0, 12);
  const name = `vrtg-${vmid}-${incarnation}-${hash}.iso`;
  if (!NAME.test(name)) throw new RangeError(`${name} is no name for an ISO of VM ${vmid}`);
  return name;
}

/** undefined for the name of anything that is not ours. */
export function parseIsoName(name: string): IsoName | undefined {
  const match = NAME.exec(name);
  if (match === null) return undefined;
  const [, vmid = '', incarnation = '', hash = ''] = match;
  return { vmid: Number(vmid), incarnation, hash };
}

/** Reads `<storage>:iso/vrtg-....iso`, as it stands in a VM's config and in lists of a storage. */
export function parseIsoVolume(volume: string): IsoVolume | undefined {
  const [, storage = '', file = ''] = /^([^:]+):iso\/(.+)$/.exec(volume) ?? [];
  const name = parseIsoName(file);
  return name === undefined ? undefined : { storage, ...name };
}
