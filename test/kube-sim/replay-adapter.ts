// Adapter of the API on one machine for the tool that replays recordings of kubectl. The recorded server had CRDs alone, called
// itself `refapi`, and left dependents and namespaces to others.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CUSTOM_ONLY } from '#kube-sim/kinds/own-kinds';
import { startKubeSim } from '#kube-sim/server';
import { createClock } from '#runtime/clock';
import { createLogger } from '#runtime/log';

/** What the tool calls before the first recording. */
export async function start() {
  const dataDir = mkdtempSync(join(tmpdir(), 'kube-sim-replay-'));
  const sim = await startKubeSim({
    dataDir,
    host: '127.0.0.1',
    port: 0,
    clock: createClock(),
    log: createLogger(),
    kinds: CUSTOM_ONLY,
    name: 'refapi',
  });
  return {
    url: sim.url,
    token: sim.token,
    ca: sim.ca,
    compact: async () => sim.compact(),
    stop: async () => {
      await sim.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
