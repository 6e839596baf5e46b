// The body of a request, up to what a real server takes.
import type { IncomingMessage } from 'node:http';
import { StatusError } from '../status.ts';

const LIMIT_BYTES = 3 * 1024 * 1024;

/** Throws a StatusError 413 as soon as it is too large (recording 158); what comes after that is not kept. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > LIMIT_BYTES) throw tooLarge();
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > LIMIT_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(): StatusError {
  return new StatusError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${LIMIT_BYTES}`);
}
