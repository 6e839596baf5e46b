// A Status as protobuf: for a client that takes nothing else, though there is nothing else in protobuf for it.
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import type { Cause, StatusError } from '../status.ts';

const LENGTH_DELIMITED = 2;
/** What every message of Kubernetes begins with, before `runtime.Unknown` around it. */
const MAGIC = Buffer.from('k8s\0');

/** Texts that are empty are written too, as Kubernetes does. */
export function statusAsProtobuf({ code, reason, message, details }: StatusError): Uint8Array {
  const { name = '', group = '', kind = '', uid = '', causes = [], retryAfterSeconds = 0 } = details;
  const status = new BinaryWriter();
  texts(nested(status, 1), '', '', '').join();
  status.uint32(tag(2)).string('Failure').uint32(tag(3)).string(message).uint32(tag(4)).string(reason);
  if (Object.keys(details).length > 0) {
    texts(nested(status, 5), name, group, kind);
    for (const cause of causes) writeCause(status, cause);
    status
      .uint32(5 << 3)
      .int32(retryAfterSeconds)
      .uint32(tag(6))
      .string(uid)
      .join();
  }
  return envelope(
    status
      .uint32(6 << 3)
      .int32(code)
      .finish(),
  );
}

function writeCause(to: BinaryWriter, { reason, message, field }: Cause): void {
  texts(nested(to, 4), reason, message, field).join();
}

function envelope(raw: Uint8Array): Uint8Array {
  const unknown = new BinaryWriter();
  texts(nested(unknown, 1), 'v1', 'Status').join();
  unknown.uint32(tag(2)).bytes(raw).uint32(tag(3)).string('').uint32(tag(4)).string('');
  return Buffer.concat([MAGIC, unknown.finish()]);
}

/** Texts in the fields 1, 2, 3, ... */
function texts(to: BinaryWriter, ...values: readonly string[]): BinaryWriter {
  for (const [index, value] of values.entries()) to.uint32(tag(index + 1)).string(value);
  return to;
}

function nested(to: BinaryWriter, number: number): BinaryWriter {
  return to.uint32(tag(number)).fork();
}

function tag(number: number): number {
  return (number << 3) | LENGTH_DELIMITED;
}
