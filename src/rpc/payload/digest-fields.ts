import type { CreateRequest } from '../contract.ts';
import { parseJsonField } from './json-object.ts';

/** The request under its proto names, JSON fields parsed, cloud-init documents as bytes: what its digest is made of. */
export function digestFields(request: CreateRequest): Record<string, unknown> {
  return {
    name: request.name,
    user_data: request.userData,
    class_json: parseJsonField('class_json', request.classJson),
    image_json: parseJsonField('image_json', request.imageJson),
    networks_json: parseJsonField('networks_json', request.networksJson),
    disks_json: parseJsonField('disks_json', request.disksJson),
    placement_json: parseJsonField('placement_json', request.placementJson),
    tags: request.tags,
    meta_data: request.metaData,
  };
}
