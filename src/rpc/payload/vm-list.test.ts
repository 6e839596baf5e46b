import { expect, it } from 'vitest';
import { encodeVmList } from './vm-list.ts';

const list = (count: number) => ({ vms: Array.from({ length: count }, () => ({ id: '100', name: 'n'.repeat(1000) })) });

it('is told as long as one message holds it, and refused beyond', () => {
  expect(encodeVmList(list(4_000)).vms).toHaveLength(4_000);
  expect(() => encodeVmList(list(4_200))).toThrow(
    expect.objectContaining({ kind: 'exhausted', message: expect.stringMatching(/^4200 VMs: list: .*4194304.*pool/) }),
  );
});
