import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { describe, expect, test } from 'vitest';
import { decodeProtobuf } from './protobuf.ts';

const DELIMITED = 2;
const nested = (number: number, write: (writer: BinaryWriter) => void) => (writer: BinaryWriter) => {
  writer.uint32((number << 3) | DELIMITED).fork();
  write(writer);
  writer.join();
};
const text = (number: number, value: string) => (writer: BinaryWriter) =>
  writer.uint32((number << 3) | DELIMITED).string(value);
const integer = (number: number, value: number) => (writer: BinaryWriter) => writer.uint32(number << 3).int64(value);
type Part = (writer: BinaryWriter) => unknown;

function message(apiVersion: string, kind: string, ...parts: readonly Part[]): Uint8Array {
  const raw = new BinaryWriter();
  for (const part of parts) part(raw);
  const envelope = new BinaryWriter();
  nested(1, (writer) => [text(1, apiVersion), text(2, kind)].map((part) => part(writer)))(envelope);
  envelope.uint32((2 << 3) | DELIMITED).bytes(raw.finish());
  text(3, '')(envelope);
  text(4, '')(envelope);
  return Buffer.concat([Buffer.from('k8s\0'), envelope.finish()]);
}
const all =
  (...parts: readonly Part[]) =>
  (writer: BinaryWriter) => {
    for (const part of parts) part(writer);
  };

describe('a body in protobuf', () => {
  test('is the object it stands for, without what Go writes of what is not there', () => {
    const metadata = nested(
      1,
      all(
        text(1, 'c1'),
        text(2, ''),
        text(3, 'default'),
        integer(7, 0),
        nested(8, () => {}),
        nested(11, all(text(1, 'a'), text(2, 'b'))),
      ),
    );
    const data = nested(2, all(text(1, 'x'), text(2, 'y')));
    expect(decodeProtobuf(message('v1', 'ConfigMap', metadata, data))).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'c1', namespace: 'default', labels: { a: 'b' } },
      data: { x: 'y' },
    });
  });

  test('has bytes as base64, flags as they are, and an empty value where there is none', () => {
    const data = nested(2, (writer) => all(text(1, 'k'))(writer.uint32((1 << 3) | DELIMITED).string('a')));
    const bytes = nested(
      2,
      (writer) => text(1, 'b')(writer) && writer.uint32((2 << 3) | DELIMITED).bytes(Buffer.from([255, 0])),
    );
    const flag = (writer: BinaryWriter) => writer.uint32(5 << 3).bool(false);
    expect(decodeProtobuf(message('v1', 'Secret', data, bytes, text(3, 'Opaque'), flag))).toEqual({
      apiVersion: 'v1',
      kind: 'Secret',
      data: { k: '', b: '/wA=' },
      type: 'Opaque',
      immutable: false,
    });
  });

  test('tells times with as many digits as they have', () => {
    const time = (number: number) => nested(number, all(integer(1, 981_173_106), integer(2, 123_456_000)));
    const spec = nested(2, all(text(1, ''), integer(5, 0), time(4)));
    expect(decodeProtobuf(message('coordination.k8s.io/v1', 'Lease', spec))).toMatchObject({
      spec: { holderIdentity: '', leaseTransitions: 0, renewTime: '2001-02-03T04:05:06.123456Z' },
    });
    expect(decodeProtobuf(message('v1', 'Event', time(6)))).toMatchObject({ firstTimestamp: '2001-02-03T04:05:06Z' });
  });

  test.each([
    ['text', Buffer.from('{}'), 'does not appear to be a protobuf message'],
    ['cut short', message('v1', 'Secret', text(3, 'Opaque')).slice(0, -9), 'proto: '],
    ['a kind that is not known', message('v1', 'Pod'), 'no kind "Pod" is known for version "v1"'],
    ['nothing', Buffer.from(''), 'does not appear to be a protobuf message'],
  ])('that is %s is refused', (_, bytes, says) => {
    expect(() => decodeProtobuf(bytes)).toThrow(says);
  });
});
