import { describe, expect, it } from 'vitest';
import { planMachineVersion } from './machine-version.ts';

const offered = ['8.2', '9.2+pve1', '9.2', '10.0', '10.1'].flatMap((version) => [
  `pc-i440fx-${version}`,
  `pc-q35-${version}`,
]);
const plan = (values: Record<string, string>, target: number): string | undefined =>
  planMachineVersion({ subject: 'VM a (100 on pve1)', node: 'pve1', values, offered }, target);

describe('the machine version', () => {
  it.each([
    ['of an old VM is raised to the newest', { machine: 'pc-q35-8.2,viommu=intel' }, 0, 'pc-q35-10.1,viommu=intel'],
    ['is the one asked for, at its newest revision', { machine: 'pc-i440fx-8.2' }, 902, 'pc-i440fx-9.2+pve1'],
    [
      'is the newest of a major one',
      { machine: 'q35,viommu=intel', ostype: 'win11', meta: 'creation-qemu=8.1.5' },
      10,
      'pc-q35-10.1,viommu=intel',
    ],
    ['that is there already stays', { machine: 'pc-q35-10.1' }, 0, undefined],
    ['that is there already stays, asked for by name', { machine: 'pc-q35-10.1' }, 1001, undefined],
    ['of a VM that follows the newest stays free', { machine: 'q35', ostype: 'l26' }, 0, undefined],
    ['of a VM that follows the newest is pinned where it is named', {}, 1001, 'pc-i440fx-10.1'],
    [
      'of a Windows guest is that of its creation, and raised',
      { ostype: 'win11', meta: 'creation-qemu=9.0.2' },
      0,
      'pc-i440fx-10.1',
    ],
    ['of a Windows guest without one is PVE 5.1', { ostype: 'win10' }, 802, 'pc-i440fx-8.2'],
    ['of an old spelling is that of an i440fx', { machine: 'pc-2.9' }, 9, 'pc-i440fx-9.2+pve1'],
  ] as const)('%s', (_what, values, target, machine) => expect(plan(values, target)).toBe(machine));

  it.each([
    [
      'a version that the node does not have',
      {},
      1102,
      'invalid-spec',
      /^target_version: node pve1 has no machine version 1102 \(it has 8\.2 to 10\.1\)/,
    ],
    ['a major version that it does not have', {}, 7, 'invalid-spec', /no machine version 7 /],
    [
      'an older one than it has',
      { machine: 'pc-q35-10.0' },
      902,
      'precondition',
      /it has 10\.0, and 9\.2\+pve1 is older/,
    ],
    [
      'an older one than every start gives it',
      { ostype: 'l26' },
      1000,
      'precondition',
      /it has 10\.1, as every VM without a version/,
    ],
    ['a machine that is no PC', { machine: 'virt' }, 0, 'unsupported', /"virt" is none of a PC/],
  ] as const)('refuses %s', (_what, values, target, kind, message) => {
    const attempt = (): unknown => plan(values, target);
    expect(attempt).toThrow(expect.objectContaining({ kind, message: expect.stringMatching(message) }));
  });
});
