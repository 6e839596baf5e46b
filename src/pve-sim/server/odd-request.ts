// Requests that Node's HTTP parser refuses and PVE answers: methods that HTTP does not know, and a Content-Length that is no
// number, which counts as none (recordings one-node/21, 23). What is no HTTP at all gets no answer.
import { IncomingMessage, type RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export type ParserError = Error & { readonly code?: string; readonly rawPacket?: Buffer };

/** @param answer of the server that the request was sent to */
export function meetOddRequest(error: ParserError, socket: Socket, answer: RequestListener): void {
  const head = error.rawPacket?.toString('latin1').split('\r\n\r\n')[0] ?? '';
  const [start = '', ...lines] = head.split('\r\n');
  const [, method, url] = /^(\S+) (\S+) HTTP\/1\.[01]$/.exec(start) ?? [];
  const isOdd = error.code === 'HPE_INVALID_METHOD' || error.code === 'HPE_INVALID_CONTENT_LENGTH';
  if (!isOdd || method === undefined || url === undefined || !socket.writable) return void socket.destroy();
  const request = new IncomingMessage(socket);
  request.method = method;
  request.url = url;
  request.headers = { ...headersOf(lines), connection: 'close' };
  // Or reading it to its end would cut the connection.
  request.complete = true;
  request.push(null);
  const response = new ServerResponse(request);
  response.assignSocket(socket);
  response.on('finish', () => socket.end());
  answer(request, response);
}

function headersOf(lines: readonly string[]): Record<string, string> {
  const pairs = lines.flatMap((line) => {
    const [, name = '', value = ''] = /^([^:\s]+):\s*(.*)$/.exec(line) ?? [];
    return name === '' || name.toLowerCase() === 'content-length' ? [] : [[name.toLowerCase(), value] as const];
  });
  return Object.fromEntries(pairs);
}
