// Resident memory of the built provider: idle, and the most it takes during a burst of creates.
// Reads /proc, so it runs on Linux only. Prints figures; judging them is the reader's.
import { readFileSync } from 'node:fs';
import { startSimulator } from '#pve-sim/simulator';
import { createClock } from '#runtime/clock';
import { buildAll } from '../scripts/build.ts';
import { startProviderProcess } from '../test/support/processes.ts';
import { createRequest, nic, rootDisk } from '../test/support/requests.ts';

const CREATES = 50;
const TIME_SCALE = 10;
const SETTLE_MS = 3_000;
const SAMPLE_MS = 20;
const LIMITS_MIB = { idle: 120, burst: 256 };

/** MiB. */
function residentMib(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1]) / 1024;
}

await buildAll();
const clock = createClock();
const sim = await startSimulator({ cluster: 'three-node', timeScale: TIME_SCALE, port: 0 });
const provider = await startProviderProcess(sim, 0);
await provider.client.validate({});
await clock.sleep(SETTLE_MS);
const idle = residentMib(provider.pid);

let most = idle;
const done = new AbortController();
const sampling = (async () => {
  while (!done.signal.aborted) {
    most = Math.max(most, residentMib(provider.pid));
    await clock.sleep(SAMPLE_MS);
  }
})();
const startedAt = performance.now();
const creates = Array.from({ length: CREATES }, async (_, index) => {
  const parts = { networks: [nic()], disks: [rootDisk(20)], userData: '#cloud-config\npackages: [nginx]\n' };
  return await provider.client.create(createRequest({ name: `burst-${index}`, ...parts }));
});
const made = await Promise.allSettled(creates);
const seconds = (performance.now() - startedAt) / 1000;
done.abort();
await sampling;

const created = made.filter((outcome) => outcome.status === 'fulfilled').length;
const row = (what: string, mib: number, limit: number): string =>
  `${what.padEnd(24)} ${mib.toFixed(0).padStart(5)} MiB   (limit ${limit})\n`;
process.stdout.write(
  row('idle', idle, LIMITS_MIB.idle) +
    row(`burst of ${CREATES} creates`, most, LIMITS_MIB.burst) +
    `${created} of ${CREATES} VMs created in ${seconds.toFixed(1)} s at ${TIME_SCALE} times real time\n`,
);
await provider.kill('SIGTERM');
await sim.stop();
