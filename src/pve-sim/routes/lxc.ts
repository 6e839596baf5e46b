// Containers take ids and are listed; nothing more of them is played.
import { isAllowed } from '../access/permissions.ts';
import { everybody } from '../access/rules.ts';
import { nodeParams } from '../schema/endpoint-params.ts';
import { MIB } from '../world/size.ts';
import { type Call, type Endpoint, needText } from './endpoint.ts';

export const LXC: readonly Endpoint[] = [
  {
    method: 'GET',
    path: '/nodes/{node}/lxc',
    protected: true,
    params: nodeParams,
    allow: everybody,
    handle: listContainers,
  },
];

const IDLE = { cpu: 0, disk: 0, diskread: 0, diskwrite: 0, mem: 0, netin: 0, netout: 0, swap: 0, uptime: 0 };

function listContainers({ sim, user, params }: Call): unknown[] {
  const node = needText(params, 'node');
  return Object.values(sim.world.guests)
    .filter(({ type, node: at }) => type === 'lxc' && at === node)
    .filter(({ vmid }) => isAllowed(sim.world, user, `/vms/${vmid}`, ['VM.Audit']))
    .map(({ vmid, config }) => ({
      ...IDLE,
      vmid,
      type: 'lxc',
      status: 'stopped',
      name: config['hostname'] ?? `CT${vmid}`,
      cpus: Number(config['cores'] ?? 1),
      maxmem: Number(config['memory'] ?? 512) * MIB,
      maxswap: Number(config['swap'] ?? 512) * MIB,
      maxdisk: 0,
    }));
}
