import { normaliseTags } from '#domain/names';
import type { DiskSpec, NicSpec, PlacementSpec, VmSize } from '#domain/vm-spec';
import { decodeDisks, encodeDisks } from './disks.ts';
import { withExtraWords } from './extra-words.ts';
import { JsonObject, parseJsonField, type ReadValue, readObject } from './json-object.ts';
import { decodeNetworks, encodeNetworks } from './networks.ts';
import { decodePlacement, encodePlacement } from './placement.ts';
import { decodeSize, encodeSize } from './size.ts';
import { text, textList } from './values.ts';

// desired_json: a whole create request as one JSON object, for a VM that is there.

/** What a VM is to become; `undefined` leaves it as it is. */
export interface DesiredVm {
  /** Whose VM it is. */
  readonly name: string | undefined;
  readonly size: VmSize | undefined;
  readonly networks: readonly NicSpec[] | undefined;
  readonly disks: readonly DiskSpec[] | undefined;
  readonly tags: readonly string[];
  readonly userData: Uint8Array | undefined;
  readonly metaData: Uint8Array | undefined;
  readonly placement: PlacementSpec;
}

const FIELD = 'desired_json';

/** Throws `invalid-spec` naming the key for everything that can be seen to be wrong without asking PVE. */
export function decodeDesired(json: string): DesiredVm {
  const object = new JsonObject(parseJsonField(FIELD, json), FIELD);
  // What the VM was made from is history, whether or not it would make another one.
  object.ignore('Image');
  const name = object.get('Name', text);
  const userData = object.get('UserData', readObject(readUserData));
  const metaData = object.get('MetaData', readObject(readMetaData));
  const desired: DesiredVm = {
    name,
    size: object.get('Class', decodeSize),
    networks: object.get('Networks', decodeNetworks),
    disks: object.get('Disks', decodeDisks),
    tags: object.get('Tags', readTags) ?? [],
    userData: bytesOf(userData),
    metaData: bytesOf(metaData),
    placement: object.get('Placement', decodePlacement) ?? decodePlacement(undefined, FIELD),
  };
  object.finish();
  return withWordsOfClass(desired);
}

const readTags: ReadValue<string[]> = (value, path) => normaliseTags(textList(value, path), path);

function readUserData(object: JsonObject): string | undefined {
  object.ignore('Type');
  return object.get('CloudInitData', asItIs);
}

function readMetaData(object: JsonObject): string | undefined {
  return object.get('MetaDataYAML', asItIs);
}

const asItIs: ReadValue<string> = (value, path) => (text(value, path) === '' ? '' : (value as string));

/** What Go could not write as JSON came as U+FFFD: these are not the bytes that the VM was made with. */
function bytesOf(document: string | undefined): Uint8Array | undefined {
  const isWhole = document !== undefined && document !== '' && !document.includes('\uFFFD');
  return isWhole ? new TextEncoder().encode(document) : undefined;
}

function withWordsOfClass(desired: DesiredVm): DesiredVm {
  if (desired.size === undefined) return desired;
  const image = { kind: 'blank', node: undefined, storage: undefined } as const;
  const { size, placement } = withExtraWords({ ...desired, name: desired.name ?? '', image, size: desired.size });
  return { ...desired, size, placement };
}

/** The `desired_json` that asks for `desired`; decoding it gives `desired` again, but for documents that are no text. */
export function encodeDesired(desired: DesiredVm): string {
  const { name = '', size, networks, disks, tags, userData, metaData, placement } = desired;
  return JSON.stringify({
    Name: name,
    Class: size === undefined ? null : encodeSize(size),
    Image: null,
    Networks: networks === undefined ? null : encodeNetworks(networks),
    Disks: disks === undefined ? null : encodeDisks(disks),
    UserData: userData === undefined ? null : { CloudInitData: asText(userData), Type: 'cloud-init' },
    MetaData: metaData === undefined ? null : { MetaDataYAML: asText(metaData) },
    Placement: encodePlacement(placement) ?? null,
    Tags: tags.length === 0 ? null : tags,
  });
}

/** As Go writes bytes that are no text: with U+FFFD, which whoever reads it takes for "not said". */
function asText(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}
