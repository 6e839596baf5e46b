// A reverse proxy in front of a PVE, as companies have them: it knows one path, and passes on what lies below it.
import { createServer, request as forward } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Gateway {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  /** Paths it was asked for. */
  readonly asked: readonly string[];
  stop(): Promise<void>;
}

/** @param url of a host that speaks plain HTTP. Where that does not answer it says 502, elsewhere 404. */
export async function startGateway(prefix: string, url: string): Promise<Gateway> {
  const asked: string[] = [];
  const server = createServer((near, answer) => {
    const path = near.url ?? '';
    asked.push(path);
    if (!path.startsWith(`${prefix}/`)) return void answer.writeHead(404).end('<html>nothing here</html>');
    const { method, headers } = near;
    const far = forward(`${url}${path.slice(prefix.length)}`, { method, headers }, (reply) => {
      answer.writeHead(reply.statusCode ?? 500, reply.statusMessage, reply.headers);
      reply.pipe(answer);
    });
    far.on('error', () => answer.writeHead(502).end('<html>bad gateway</html>'));
    near.pipe(far);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
