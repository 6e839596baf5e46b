import type { Deadline } from '#runtime/deadline';
import { asRow, numberOf, textOf } from '../answer.ts';
import { path } from '../connection/path.ts';
import type { Pve } from '../connection/pve.ts';
import type { NodeName } from '../ids.ts';

const MHZ_PER_GHZ = 1000;

/**
 * MHz of a CPU of a node (Sys.Audit): what its name says, as Intel's do, else what it runs at now, which changes with its
 * load. Undefined where PVE tells neither.
 */
export async function readCpuMhz(pve: Pve, node: NodeName, call: Deadline): Promise<number | undefined> {
  const status = asRow(await pve.get(path`/nodes/${node}/status`, call), 'node status');
  const cpu = asRow(status['cpuinfo'] ?? {}, 'cpuinfo of a node');
  const ghz = /@ (\d+(?:\.\d+)?)GHz/.exec(textOf(cpu, 'model') ?? '')?.[1];
  return ghz === undefined ? numberOf(cpu, 'mhz') : Math.round(Number(ghz) * MHZ_PER_GHZ);
}
