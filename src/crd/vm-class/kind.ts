import type { Kind } from '../kind.ts';
import { vmClassSpec } from './spec.ts';
import { vmClassStatus } from './status.ts';

export const vmClassKind: Kind = {
  kind: 'VMClass',
  plural: 'vmclasses',
  shortNames: ['vmclass'],
  about: 'A size of virtual machines: CPUs, memory, firmware and what else their hardware is.',
  spec: vmClassSpec,
  status: vmClassStatus,
  columns: [
    { name: 'CPUs', type: 'integer', jsonPath: ".spec['cpus','cpu']" },
    { name: 'Memory', type: 'string', jsonPath: '.spec.memory' },
    { name: 'Firmware', type: 'string', jsonPath: '.spec.firmware', priority: 1 },
    { name: 'Storage', type: 'string', jsonPath: '.spec.storage.class', priority: 1 },
    { name: 'Used By', type: 'integer', jsonPath: '.status.usedByVMs' },
  ],
};
