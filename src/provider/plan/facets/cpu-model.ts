import { formatCpu, parseCpu } from '#pve/codec/cpu';
import { type Facet, optionChanges } from '../facet.ts';

/** Models that hand the virtualisation of the host's CPU on to the guest. */
const NESTING = ['host', 'max'];

/**
 * The host's own CPU for a guest that is to run guests. PVE's flag for it (since 9.1) needs a model of the host's vendor,
 * which nobody here can choose.
 */
export const cpuModel: Facet = {
  name: 'cpu model',
  live: [{ change: 'nested virtualisation', live: 'restart' }],
  diff: ({ spec }, have) => {
    if (spec.size.performance.nestedVirtualization !== true) return {};
    const present = parseCpu(have.values['cpu'] ?? '');
    if (NESTING.includes(present?.model ?? '')) return {};
    return optionChanges(have, { cpu: formatCpu({ ...present, model: 'host' }) });
  },
};
