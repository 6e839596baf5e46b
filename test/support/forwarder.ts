// What stands between a client and a PVE: a DNS name, an address that moves, a load balancer. It passes TCP on, now to
// one host, now to another.
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface Forwarder {
  readonly url: string;
  /** Where new connections lead from now on. Those that stand are cut, or `kept` where they lead. */
  leadTo(url: string, established?: 'cut' | 'kept'): void;
  stop(): Promise<void>;
}

/** @param url of a host that speaks plain HTTP. */
export async function startForwarder(url: string): Promise<Forwarder> {
  let target = new URL(url);
  const sockets = new Set<Socket>();
  const hold = (socket: Socket, peer: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => peer.destroy());
    socket.on('close', () => {
      sockets.delete(socket);
      peer.destroy();
    });
  };
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    hold(near, far);
    hold(far, near);
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    leadTo: (next, established = 'cut') => {
      target = new URL(next);
      if (established === 'cut') cut();
    },
    stop: async () => {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
