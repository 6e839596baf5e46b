// The Service in front of a provider's pods: an address that stays while the pods behind it come and go.
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface ClusterService {
  /** `host:port`. */
  readonly address: string;
  /** New connections go there from now on; undefined: to nobody, and end at once. */
  pointTo(port: number | undefined): void;
  /** The pod that was there has died: whoever is connected to it notices. */
  failOverTo(port: number): void;
  close(): Promise<void>;
}

export async function startClusterService(): Promise<ClusterService> {
  let target: number | undefined;
  const open = new Set<Socket>();
  const server = createServer((inbound) => {
    if (target === undefined) {
      inbound.destroy();
      return;
    }
    const outbound = connect(target, '127.0.0.1');
    for (const [one, other] of [
      [inbound, outbound],
      [outbound, inbound],
    ] as const) {
      open.add(one);
      one.setNoDelay(true);
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    pointTo: (port) => {
      target = port;
    },
    failOverTo: (port) => {
      target = port;
      for (const socket of open) socket.destroy();
    },
    close: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
