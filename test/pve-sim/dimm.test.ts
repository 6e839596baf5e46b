// The DIMMs of a guest with memory hotplug against PVE's own layout (pve-behaviour 11.7).
import { describe, expect, test } from 'vitest';
import { dimmBorder, dimmsFor } from '#pve-sim/qemu/memory-hotplug';
import { isMissing, skipNote, vectors } from './golden-vectors.ts';

describe.skipIf(isMissing)(`DIMMs${skipNote}`, () => {
  test('there are vectors', () => {
    expect(vectors.dimm.length).toBeGreaterThan(0);
  });

  test.each(vectors.dimm.map((vector) => [vector.requested, vector] as const))('of %i MiB', (requested, vector) => {
    const dimms = dimmsFor(requested);
    const last = dimms.at(-1);
    expect(dimms).toHaveLength(Number(vector.dimms));
    expect(last === undefined ? null : [last.name, last.sizeMib, last.border]).toEqual(vector.last);
    expect(dimmBorder(requested)).toBe(vector.resulting);
  });
});
