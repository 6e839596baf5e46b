// The websocket of a console: it greets as a VNC server does, and gives back what it is sent.
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const GREETING = 'RFB 003.008\n';
const BINARY = 0x82;
const CLOSE = 0x88;
const MASKED = 0x80;

/** Takes over the connection of a request that was allowed. */
export function openWebsocket(request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const key = `${request.headers['sec-websocket-key'] ?? ''}${GUID}`;
  const accept = createHash('sha1').update(key).digest('base64');
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
  const protocol = request.headers['sec-websocket-protocol']?.split(/\s*,\s*/)[0];
  if (protocol !== undefined) lines.push(`Sec-WebSocket-Protocol: ${protocol}`);
  socket.write([...lines, `Sec-WebSocket-Accept: ${accept}`, '', ''].join('\r\n'));
  socket.write(frame(BINARY, Buffer.from(GREETING)));
  let waiting = head;
  const take = (bytes: Buffer): void => {
    waiting = Buffer.concat([waiting, bytes]);
    for (let got = readFrame(waiting); got !== undefined; got = readFrame(waiting)) {
      waiting = waiting.subarray(got.length);
      if (got.kind === CLOSE) return void socket.end(frame(CLOSE, got.payload));
      socket.write(frame(BINARY, got.payload));
    }
  };
  socket.on('data', take);
  socket.on('error', () => socket.destroy());
  take(Buffer.alloc(0));
}

function frame(kind: number, payload: Buffer): Buffer {
  if (payload.length < 126) return Buffer.concat([Buffer.from([kind, payload.length]), payload]);
  const head = Buffer.alloc(10);
  head.writeUInt8(kind, 0);
  head.writeUInt8(127, 1);
  head.writeBigUInt64BE(BigInt(payload.length), 2);
  return Buffer.concat([head, payload]);
}

/** The first whole frame; undefined where more has to come. */
function readFrame(bytes: Buffer): { kind: number; payload: Buffer; length: number } | undefined {
  if (bytes.length < 2) return undefined;
  const [kind = 0, second = 0] = bytes;
  const short = second & 0x7f;
  const extra = short === 126 ? 2 : short === 127 ? 8 : 0;
  const isMasked = (second & MASKED) !== 0;
  const start = 2 + extra + (isMasked ? 4 : 0);
  if (bytes.length < start) return undefined;
  const size = extra === 0 ? short : extra === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  if (bytes.length < start + size) return undefined;
  const mask = isMasked ? bytes.subarray(2 + extra, start) : Buffer.alloc(4);
  const payload = Buffer.from(bytes.subarray(start, start + size).map((byte, index) => byte ^ (mask[index % 4] ?? 0)));
  return { kind, payload, length: start + size };
}
