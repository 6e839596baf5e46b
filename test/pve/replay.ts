import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Replay {
  readonly url: string;
  /** The answer to whatever is asked next. */
  next: { readonly status: number; readonly reason: string; readonly body: string };
  stop(): void;
}

/** A server that gives one answer at a time, whatever it is asked. */
export async function startReplay(): Promise<Replay> {
  const server = createServer((_request, response) => {
    response.writeHead(replay.next.status, replay.next.reason);
    response.end(replay.next.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const replay: Replay = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    next: { status: 501, reason: 'nothing yet', body: '' },
    stop: () => server.close(),
  };
  return replay;
}
