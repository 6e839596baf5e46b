// A forward proxy as companies have them: it opens tunnels (CONNECT) to names that it alone resolves.
import { createServer, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';

export interface ConnectProxy {
  /** `127.0.0.1:port` */
  readonly address: string;
  /** What it was asked for: `CONNECT pve.test:8006`, each time. Anything but CONNECT it refuses. */
  readonly asked: readonly string[];
  /** How many tunnels stand. */
  open(): number;
  /** Answers CONNECT with this status from now on; undefined lets everybody through. */
  refuse(status: number | undefined): void;
  stop(): Promise<void>;
}

export interface ConnectProxyOptions {
  /** Where each name leads: a port of this machine. */
  readonly names: Readonly<Record<string, number>>;
  /** `user:password` that it wants to see. */
  readonly account?: string;
}

export async function startConnectProxy({ names, account }: ConnectProxyOptions): Promise<ConnectProxy> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  let refusal: number | undefined;
  const verdict = (request: IncomingMessage): number => {
    const shown = request.headers['proxy-authorization'];
    if (account !== undefined && shown !== `Basic ${Buffer.from(account).toString('base64')}`) return 407;
    return refusal ?? 200;
  };
  const server = createServer((request, response) => {
    asked.push(`${request.method ?? ''} ${request.url ?? ''}`);
    response.writeHead(405);
    response.end();
  });
  server.on('connect', (request: IncomingMessage, near: Socket) => {
    asked.push(`CONNECT ${request.url ?? ''}`);
    const port = names[(request.url ?? '').replace(/:\d+$/, '')];
    const status = port === undefined ? 502 : verdict(request);
    if (status !== 200) return void near.end(`HTTP/1.1 ${status} Not now\r\ncontent-length: 4\r\n\r\nsaid`);
    const far = connect(port ?? 0, '127.0.0.1', () => near.write('HTTP/1.1 200 Connection established\r\n\r\n'));
    sockets.add(near);
    near.on('close', () => {
      sockets.delete(near);
      far.destroy();
    });
    near.on('error', () => far.destroy());
    far.on('error', () => near.destroy());
    far.on('close', () => near.destroy());
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    open: () => sockets.size,
    refuse: (status) => {
      refusal = status;
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
