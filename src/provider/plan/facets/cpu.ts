import { type Facet, optionChanges } from '../facet.ts';
import { cpuLayout } from '../hot-add.ts';

/** All virtual CPUs are cores of one socket. Without room for more a `vcpus` would leave some of them unplugged. */
export const cpu: Facet = {
  name: 'cpu',
  diff: (wish, have) => {
    const { cores, plugged } = cpuLayout(wish, have);
    return optionChanges(have, {
      cores: String(cores),
      ...(have.values['sockets'] === undefined || have.values['sockets'] === '1' ? {} : { sockets: '1' }),
      vcpus: plugged === undefined ? undefined : String(plugged),
    });
  },
};
