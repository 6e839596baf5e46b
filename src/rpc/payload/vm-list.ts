import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { Fault } from '#domain/fault';
import { ListVMsResponseSchema } from '../contract.ts';

/** What a gRPC client takes in one message unless it is told otherwise; the manager is not. */
const MAX_BYTES = 4 * 1024 ** 2;

/** The answer to ListVMs; throws `exhausted` where no manager could read it. */
export function encodeVmList(list: MessageInitShape<typeof ListVMsResponseSchema>): typeof list {
  const message = create(ListVMsResponseSchema, list);
  const bytes = toBinary(ListVMsResponseSchema, message).length;
  if (bytes <= MAX_BYTES) return message;
  throw new Fault('exhausted', {
    subject: `${message.vms.length} VMs`,
    wanted: 'list',
    why: `the answer has ${bytes} bytes, and a manager reads ${MAX_BYTES}`,
    remedy:
      'Let the API token see fewer of them: grant VM.Audit on a pool, or give each part of the cluster its Provider',
  });
}
