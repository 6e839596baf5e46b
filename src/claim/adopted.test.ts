import { describe, expect, it } from 'vitest';
import type { Vmid } from '#pve/ids';
import { adoptedClaim } from './adopted.ts';
import { judgeOwnership } from './ownership.ts';
import { describeWithClaim, readClaim } from './record.ts';

const vmid = 4711 as Vmid;
const adoption = { instance: 'default/prod', vmid, owner: { name: 'web', namespace: 'team-a' }, time: 1000 };

describe('the claim on an adopted VM', () => {
  it('is ours as soon as it is written, and says what is known of the owner', () => {
    const reading = readClaim(describeWithClaim('Notes of a person', adoptedClaim(adoption), 'refuse'));
    expect(reading).toMatchObject({ kind: 'claim', text: 'Notes of a person' });
    expect(judgeOwnership(reading, 'default/prod', vmid)).toEqual({
      kind: 'ours',
      claim: {
        incarnation: expect.stringMatching(/^[a-z2-7]{12}$/),
        digest: 'adopted',
        instance: 'default/prod',
        kind: 'vm',
        name: 'web',
        namespace: 'team-a',
        state: 'ready',
        time: 1000,
        vmid,
      },
    });
  });

  it('has an incarnation of its own each time', () => {
    expect(adoptedClaim(adoption).incarnation).not.toBe(adoptedClaim(adoption).incarnation);
  });
});
