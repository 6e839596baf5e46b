import { type Facet, optionChanges } from '../facet.ts';

/** All virtual CPUs are cores of one socket; a `vcpus` of the template would leave some of them unplugged. */
export const cpu: Facet = {
  name: 'cpu',
  diff: ({ spec }, have) =>
    optionChanges(have, {
      cores: String(spec.size.cpus),
      ...(have.values['sockets'] === undefined || have.values['sockets'] === '1' ? {} : { sockets: '1' }),
      vcpus: undefined,
    }),
};
