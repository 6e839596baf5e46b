import { type Facet, optionChanges } from '../facet.ts';
import { coresOf, cpuLayout } from '../hot-add.ts';
import type { Have } from '../wish.ts';

/** All virtual CPUs are cores of one socket. Without room for more a `vcpus` would leave some of them unplugged. */
export const cpu: Facet = {
  name: 'cpu',
  live: [
    {
      change: 'more or fewer CPUs, up to the cores that were prepared',
      live: 'hot',
      note: 'fewer as the guest agrees',
    },
    { change: 'more CPUs than there are cores, or none prepared', live: 'restart' },
  ],
  diff: (wish, have) => {
    const { cores, plugged } = cpuLayout(wish, have);
    return optionChanges(have, {
      // How a VM in use has its cores divided among sockets stays as long as their number does.
      ...(have.inUse !== undefined && cores === coresOf(have.values) ? {} : oneSocket(have, cores)),
      vcpus: plugged === undefined ? undefined : String(plugged),
    });
  },
};

function oneSocket({ values }: Have, cores: number): Record<string, string> {
  const isOne = values['sockets'] === undefined || values['sockets'] === '1';
  return { cores: String(cores), ...(isOne ? {} : { sockets: '1' }) };
}
