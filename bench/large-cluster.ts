// A large simulated cluster: how long it takes to load, and how fast the calls that walk all guests are answered.
// Prints figures; judging them is the reader's.
import { Agent, request } from 'undici';
import { largeCluster } from '#pve-sim/clusters/large-cluster';
import { startSimulator } from '#pve-sim/simulator';

const SIZE = { nodes: 32, guests: 10_000 };
const SAMPLES = 30;

const before = performance.now();
const simulator = await startSimulator({ cluster: largeCluster(SIZE) });
const loadedIn = performance.now() - before;
const dispatcher = new Agent({ connect: { ca: simulator.ca } });
const node = simulator.nodes[0]?.url ?? '';

async function milliseconds(path: string, token: typeof simulator.token): Promise<number[]> {
  const times: number[] = [];
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    const started = performance.now();
    const headers = { authorization: `PVEAPIToken=${token.id}=${token.secret}` };
    const answer = await request(`${node}/api2/json${path}`, { dispatcher, headers });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) throw new Error(`${path}: ${answer.statusCode} ${text}`);
    times.push(performance.now() - started);
  }
  return times.sort((a, b) => a - b);
}

const at = (times: readonly number[], share: number): string =>
  (times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0).toFixed(0);
const lines = [`${SIZE.guests} guests on ${SIZE.nodes} nodes, loaded in ${(loadedIn / 1000).toFixed(1)} s`];
for (const path of [
  '/cluster/resources',
  '/cluster/resources?type=vm',
  '/cluster/status',
  '/nodes/pve1/qemu',
  '/cluster/nextid',
]) {
  for (const [who, token] of [
    ['root', simulator.rootToken],
    ['provider', simulator.token],
  ] as const) {
    const times = await milliseconds(path, token);
    lines.push(
      `${path.padEnd(28)} ${who.padEnd(9)} median ${at(times, 0.5)} ms, 95th percentile ${at(times, 0.95)} ms`,
    );
  }
}
lines.push(`resident memory ${(process.memoryUsage().rss / 1024 ** 2).toFixed(0)} MiB, client included`);
process.stdout.write(`${lines.join('\n')}\n`);
await dispatcher.close();
await simulator.stop();
