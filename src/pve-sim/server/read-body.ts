import type { IncomingMessage } from 'node:http';
import { TransportError } from '../pve-error.ts';
import type { Profile } from '../profiles/profile.ts';
import { KIB } from '../world/size.ts';

/** What is refused on the headers alone (pve-behaviour 1.4). @throws 501 */
export function checkHeaders(request: IncomingMessage, profile: Profile, isUpload: boolean): void {
  const method = request.method ?? '';
  if (request.headers['transfer-encoding'] !== undefined)
    throw new TransportError(501, 'chunked transfer encoding not supported');
  const length = Number(request.headers['content-length'] ?? 0);
  if (length > 0 && (method === 'GET' || method === 'DELETE'))
    throw new TransportError(501, `Unexpected content for method '${method}'`);
  const limit = (profile.has('largeBodies') ? 512 : 64) * KIB;
  if (length > limit && !isUpload) throw new TransportError(501, 'for data too large');
}

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
