import { create } from '@bufbuild/protobuf';
import { checkVmName, normaliseTags } from '#domain/names';
import type { VmSpec } from '#domain/vm-spec';
import { type CreateRequest, CreateRequestSchema } from '../contract.ts';
import { decodeDisks, encodeDisks } from './disks.ts';
import { decodeImage, encodeImage } from './image.ts';
import { withExtraWords } from './extra-words.ts';
import { parseJsonField } from './json-object.ts';
import { decodeNetworks, encodeNetworks } from './networks.ts';
import { decodePlacement, encodePlacement } from './placement.ts';
import { decodeSize, encodeSize } from './size.ts';

/** The wish in a Create; throws `invalid-spec` naming the field for everything that can be seen to be wrong without asking PVE. */
export function decodeCreate(request: CreateRequest): VmSpec {
  return withExtraWords({
    name: checkVmName(request.name, 'name'),
    size: decodeSize(parseJsonField('class_json', request.classJson), 'class_json'),
    image: decodeImage(parseJsonField('image_json', request.imageJson), 'image_json'),
    networks: decodeNetworks(parseJsonField('networks_json', request.networksJson), 'networks_json'),
    disks: decodeDisks(parseJsonField('disks_json', request.disksJson), 'disks_json'),
    placement: decodePlacement(parseJsonField('placement_json', request.placementJson), 'placement_json'),
    tags: normaliseTags(request.tags, 'tags'),
    userData: bytesOf(request.userData),
    metaData: bytesOf(request.metaData),
  });
}

function bytesOf(bytes: Uint8Array): Uint8Array | undefined {
  return bytes.length === 0 ? undefined : bytes;
}

/** The Create that asks for `spec`; decoding it gives `spec` again. */
export function encodeCreate(spec: VmSpec): CreateRequest {
  const placement = encodePlacement(spec.placement);
  return create(CreateRequestSchema, {
    name: spec.name,
    classJson: JSON.stringify(encodeSize(spec.size)),
    imageJson: JSON.stringify(encodeImage(spec.image)),
    networksJson: JSON.stringify(spec.networks === undefined ? null : encodeNetworks(spec.networks)),
    disksJson: JSON.stringify(spec.disks === undefined ? null : encodeDisks(spec.disks)),
    placementJson: placement === undefined ? '' : JSON.stringify(placement),
    tags: [...spec.tags],
    ...(spec.userData === undefined ? {} : { userData: new Uint8Array(spec.userData) }),
    ...(spec.metaData === undefined ? {} : { metaData: new Uint8Array(spec.metaData) }),
  });
}
