import { create } from '@bufbuild/protobuf';
import { expect, it } from 'vitest';
import { CreateRequestSchema } from '../contract.ts';
import { digestFields } from './digest-fields.ts';

it('gives the fields under their proto names, JSON parsed and documents as bytes', () => {
  const userData = Uint8Array.of(1, 2);
  const request = create(CreateRequestSchema, {
    name: 'web',
    userData,
    classJson: '{"CPU":2}',
    networksJson: 'null',
    tags: ['B', 'a'],
  });
  expect(digestFields(request)).toEqual({
    name: 'web',
    user_data: userData,
    class_json: { CPU: 2 },
    image_json: undefined,
    networks_json: null,
    disks_json: undefined,
    placement_json: undefined,
    tags: ['B', 'a'],
    meta_data: new Uint8Array(),
  });
});

it('has every field of the request', () => {
  const fields = CreateRequestSchema.fields.map((field) => field.name);
  expect(Object.keys(digestFields(create(CreateRequestSchema))).sort()).toEqual(fields.sort());
});
