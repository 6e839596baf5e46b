import { toBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { largeCluster } from '#pve-sim/clusters/large-cluster';
import { ListVMsResponseSchema } from '#rpc/contract';
import { type Flow, startFlow } from '../support/flow.ts';
import { lastRequest, requestsSince } from '../support/journal.ts';
import { until } from '../support/until.ts';

// ListVMs of large clusters: what it takes, and where it ends. Simulator only; prints its figures.

const NODES = 32;
/** The name of a storage: fewer VMs fill a message. */
const LONG = 'a-rather-long-name-of-a-storage-of-virtual-machines-in-building-two';
/** The nodes' status daemons look at all 10,000 disks at each tick, in the same process, and the list does not ask them. */
const SLOW_TICKS = { timeScale: 1, durations: { statusTickMs: 60_000 } } as const;

interface Measured {
  readonly requests: number;
  readonly tries: number;
}

/** Like the manager, asks again where the time of a call was over; what has been read by then is not read again. */
async function measured(flow: Flow, what: string, ask: () => Promise<void>): Promise<Measured> {
  const before = lastRequest(flow.sim);
  const startedAt = performance.now();
  let tries = 0;
  await until(
    async () => {
      tries++;
      return await ask().then(
        () => 'done',
        (error: { kind?: string }) => {
          if (error.kind !== 'busy') throw error;
          return 'busy';
        },
      );
    },
    (outcome) => outcome === 'done',
  );
  const seconds = (performance.now() - startedAt) / 1000;
  const requests = requestsSince(flow.sim, before).length;
  process.stdout.write(`${what}: ${seconds.toFixed(1)} s, ${tries} calls, ${requests} requests\n`);
  return { requests, tries };
}

describe('ListVMs', () => {
  it('of 10,000 VMs on 32 nodes ends in time, in one message, and costs a request per node the second time', async () => {
    const guests = 10_000;
    const flow = await startFlow({ simulator: { cluster: largeCluster({ nodes: NODES, guests }), ...SLOW_TICKS } });
    let bytes = 0;
    const list = async (): Promise<void> => {
      const answer = await flow.client.listVMs({});
      expect(answer.vms).toHaveLength(guests);
      bytes = toBinary(ListVMsResponseSchema, answer).length;
    };
    const first = await measured(flow, `${guests} VMs`, list);
    process.stdout.write(`${bytes} bytes, ${Math.ceil(bytes / guests)} for a VM\n`);
    expect(bytes).toBeLessThan(4 * 1024 ** 2);
    // With the view, who is at the end of a new connection, and what was on its way when the time of a call was over.
    expect(first.requests).toBeLessThanOrEqual(guests + first.tries * (NODES + 2 + 2 * NODES));
    const second = await measured(flow, 'again', list);
    expect(second.requests).toBeLessThanOrEqual(NODES + 2);
    await flow.stop();
  });

  it('of more than a message holds is refused with the way out', async () => {
    const guests = 1_150;
    const cluster = largeCluster({ nodes: NODES, guests });
    const nics = Array.from({ length: 32 }, (_, index) => [`net${index}`, 'virtio,bridge=vmbr0'] as const);
    const disks = Array.from({ length: 30 }, (_, index) => [
      `scsi${index + 1}`,
      `${LONG}:vm-10000-disk-${index},size=1G`,
    ]);
    const many = Object.fromEntries([...nics, ...disks]) as Record<string, string>;
    const widely = cluster.guests.map((guest) => ({ ...guest, config: { ...guest.config, ...many } }));
    const flow = await startFlow({ simulator: { cluster: { ...cluster, guests: widely }, ...SLOW_TICKS } });
    await measured(flow, `${guests} VMs with 32 NICs and 31 disks`, async () => {
      const answer = flow.client.listVMs({}).catch((error: { kind: string }) => {
        if (error.kind === 'busy') throw error;
        return error;
      });
      expect(await answer).toMatchObject({
        kind: 'exhausted',
        message: expect.stringMatching(/^1150 VMs: list: the answer has \d+ bytes.*VM\.Audit on a pool/),
      });
    });
    await flow.stop();
  });
});
