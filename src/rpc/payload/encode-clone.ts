// What decodeClone reads, from the other end: a Clone as the manager asks for it.
import { create } from '@bufbuild/protobuf';
import type { Customization } from '#domain/clone-order';
import { invalidSpec } from '#domain/fault';
import type { PlacementSpec, VmSize } from '#domain/vm-spec';
import { type CloneRequest, CloneRequestSchema } from '../contract.ts';
import { encodePlacement } from './placement.ts';
import { encodeSize } from './size.ts';

/** A clone to be asked for, with the documents themselves in the place of references to them. */
export interface CloneWords {
  /** VMID of the source, in decimal. */
  readonly source: string;
  /** Its snapshot that is copied instead of its present. */
  readonly snapshot: string | undefined;
  readonly targetName: string;
  readonly linked: boolean;
  /** Undefined: the source's. */
  readonly size: VmSize | undefined;
  readonly placement: PlacementSpec;
  readonly customization: Omit<Customization, 'userData' | 'sshKeys'>;
  readonly userData: Uint8Array | undefined;
  /** Public keys. */
  readonly sshKeys: readonly string[];
}

/** Throws `invalid-spec` for user data that is no text. */
export function encodeClone(words: CloneWords): CloneRequest {
  const { source, targetName, linked, size, placement } = words;
  return create(CloneRequestSchema, {
    sourceVmId: source,
    targetName,
    linked,
    classJson: size === undefined ? '' : JSON.stringify(encodeSize(size)),
    placementJson: textOf(encodePlacement(placement)),
    customizeJson: textOf(encodeCustomize(words)),
  });
}

function textOf(fields: Record<string, unknown> | undefined): string {
  return fields === undefined || Object.keys(fields).length === 0 ? '' : JSON.stringify(fields);
}

function encodeCustomize({ customization, userData, sshKeys, snapshot }: CloneWords): Record<string, unknown> {
  const { hostname, domain, timeZone, networks, tags } = customization;
  const fields = {
    hostname,
    domain,
    timeZone,
    networks: networks?.map(({ mac, dns, ...nic }) => ({
      ...nic,
      macAddress: mac,
      dns: dns.length === 0 ? undefined : dns,
    })),
    tags: tags.length === 0 ? undefined : tags,
    userData: userData === undefined ? undefined : { cloudInit: { inline: asText(userData) } },
    sshKeys: sshKeys.length === 0 ? undefined : sshKeys,
    snapshot,
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function asText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw invalidSpec('customization.userData', 'it is no text in UTF-8', 'A clone takes user data that is text');
  }
}
