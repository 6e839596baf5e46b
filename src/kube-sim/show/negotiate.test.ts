import { describe, expect, test } from 'vitest';
import { negotiate, negotiateStatus } from './negotiate.ts';
import type { Negotiated, Offer } from './negotiate.ts';
import { statusAsProtobuf } from './status-protobuf.ts';
import { StatusError } from '../status.ts';

/** From recordings 102 and 151. */
const KUBECTL_TABLE =
  'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json';

const ACCEPTED: readonly (readonly [accept: string | undefined, offer: Offer, got: Partial<Negotiated>])[] = [
  [undefined, 'object', { mediaType: 'application/json', kind: 'object' }],
  ['', 'object', { mediaType: 'application/json', kind: 'object' }],
  ['*/*', 'object', { mediaType: 'application/json', kind: 'object' }],
  ['application/*', 'object', { mediaType: 'application/json' }],
  ['application/yaml', 'object', { mediaType: 'application/yaml', kind: 'object' }],
  ['application/vnd.kubernetes.protobuf,application/json', 'object', { mediaType: 'application/json' }],
  [KUBECTL_TABLE, 'object', { mediaType: 'application/json', kind: 'table', version: 'v1' }],
  [KUBECTL_TABLE, 'watch', { mediaType: 'application/json', kind: 'table', version: 'v1' }],
  [KUBECTL_TABLE, 'document', { mediaType: 'application/json', kind: 'object' }],
  ['application/json;as=Table;v=v1beta1;g=meta.k8s.io', 'object', { kind: 'table', version: 'v1beta1' }],
  ['application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io', 'object', { kind: 'partial' }],
  ['application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io', 'object', { kind: 'partial-list' }],
  ['application/json;q=0.5,application/yaml', 'object', { mediaType: 'application/yaml' }],
  ['*/*,application/yaml', 'object', { mediaType: 'application/yaml' }],
  ['application/json;pretty=1', 'object', { pretty: true }],
  ['application/json;charset=utf-8', 'object', { mediaType: 'application/json', pretty: false }],
  ['application/json;stream=watch', 'watch', { mediaType: 'application/json' }],
];

const REFUSED: readonly (readonly [accept: string, offer: Offer])[] = [
  ['application/vnd.kubernetes.protobuf', 'object'],
  ['application/cbor', 'object'],
  ['text/html', 'object'],
  ['application/json;as=Nope;v=v1;g=meta.k8s.io', 'object'],
  ['application/json;as=constructor;v=v1;g=meta.k8s.io', 'object'],
  ['application/json;as=Table;v=v1;g=other', 'object'],
  ['application/json;as=Table;v=v2;g=meta.k8s.io', 'object'],
  ['application/json;as=Table;v=v1;g=meta.k8s.io', 'document'],
  ['application/json;q=0', 'object'],
];

describe('what a client accepts', () => {
  test.each(ACCEPTED)('%s for %s gives %j', (accept, offer, got) => {
    expect(negotiate(accept, offer)).toMatchObject(got);
  });

  test.each(REFUSED)('%s for %s cannot be given', (accept, offer) => {
    expect(() => negotiate(accept, offer)).toThrow(
      'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf',
    );
  });

  test('in a watch is JSON only', () => {
    expect(() => negotiate('application/yaml', 'watch')).toThrow(
      'only the following media types are accepted: application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch',
    );
  });
});

describe('an error', () => {
  test.each([
    [undefined, 'application/json'],
    ['text/html', 'application/json'],
    ['application/yaml', 'application/yaml'],
    ['application/vnd.kubernetes.protobuf', 'application/vnd.kubernetes.protobuf'],
    ['application/vnd.kubernetes.protobuf,application/json', 'application/vnd.kubernetes.protobuf'],
    [KUBECTL_TABLE, 'application/json'],
  ])('for %s is %s', (accept, mediaType) => {
    expect(negotiateStatus(accept)).toBe(mediaType);
  });

  test('in protobuf is as long as the recorded one (151)', () => {
    const message =
      'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf';
    const bytes = statusAsProtobuf(new StatusError(406, 'NotAcceptable', message));
    expect(bytes).toHaveLength(178);
    expect(Buffer.from(bytes.subarray(0, 4)).toString()).toBe('k8s\0');
  });
});
