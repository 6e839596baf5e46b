// A large simulated cluster in a process of its own: how long it takes to load, and how fast the calls that walk all guests
// are answered. Prints figures; judging them is the reader's.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Agent, request } from 'undici';

const SIZE = { nodes: 32, guests: 10_000 };
const SAMPLES = 50;
const PATHS = [
  '/cluster/resources',
  '/cluster/resources?type=vm',
  '/cluster/status',
  '/nodes/pve1/qemu',
  '/cluster/nextid',
];

const started = performance.now();
const program = join(import.meta.dirname, '../bin/pve-sim.ts');
const size = ['--nodes', String(SIZE.nodes), '--guests', String(SIZE.guests)];
const simulator = spawn(process.execPath, [program, '--port', '0', '--control-port', '0', ...size]);
const printed: string[] = [];
for await (const line of createInterface({ input: simulator.stdout })) {
  printed.push(line);
  if (line === 'ready') break;
}
const loadedIn = performance.now() - started;

const lineOf = (start: string): string => printed.find((line) => line.startsWith(start))?.slice(start.length) ?? '';
const node = lineOf('node pve1 ');
const dispatcher = new Agent({ connect: { ca: readFileSync(lineOf('ca ')) } });

/** From sending the request to having the last byte, sorted, in ms. */
async function milliseconds(path: string, token: string): Promise<number[]> {
  const times: number[] = [];
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    const sent = performance.now();
    const headers = { authorization: `PVEAPIToken=${token}` };
    const answer = await request(`${node}/api2/json${path}`, { dispatcher, headers });
    await answer.body.bytes();
    if (answer.statusCode !== 200) throw new Error(`${path}: ${answer.statusCode}`);
    times.push(performance.now() - sent);
  }
  return times.sort((a, b) => a - b);
}

const at = (times: readonly number[], share: number): string =>
  (times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0).toFixed(0);
const lines = [`${SIZE.guests} guests on ${SIZE.nodes} nodes, loaded in ${(loadedIn / 1000).toFixed(1)} s`];
for (const path of PATHS) {
  for (const who of ['root token', 'token']) {
    const times = await milliseconds(path, lineOf(`${who} `));
    lines.push(
      `${path.padEnd(28)} ${who.padEnd(11)} median ${at(times, 0.5)} ms, 95th percentile ${at(times, 0.95)} ms`,
    );
  }
}
const memory = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${simulator.pid}/status`, 'utf8'))?.[1];
lines.push(`resident memory of the simulator ${(Number(memory) / 1024).toFixed(0)} MiB`);
process.stdout.write(`${lines.join('\n')}\n`);
await dispatcher.close();
simulator.kill('SIGTERM');
await once(simulator, 'exit');
