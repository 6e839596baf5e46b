import { describe, expect, it } from 'vitest';
import { boundIn, boundTo, withBound } from './bound.ts';
import { digestOf } from './digest.ts';

const PROVIDER = { name: 'prod', namespace: 'default' };
const SPEC = {
  providerRef: { name: 'prod' },
  classRef: { name: 'small' },
  imageRef: { name: 'ubuntu' },
  networks: [{ name: 'lan' }],
  powerState: true,
};

describe('what a VM is bound to', () => {
  const bound = boundTo(SPEC, PROVIDER);

  it('is what it is made of, with the namespace of its Provider, and never its class', () => {
    expect(bound).toEqual({
      providerRef: PROVIDER,
      imageRef: { name: 'ubuntu' },
      networks: [{ name: 'lan' }],
      powerState: true,
    });
  });

  it('is in force where a later manifest says nothing', () => {
    expect(withBound({ classRef: { name: 'large' } }, bound)).toEqual({
      ...SPEC,
      providerRef: PROVIDER,
      classRef: { name: 'large' },
    });
  });

  it('gives way to what is said', () => {
    const spec = { networks: [], powerState: 'Off', userData: null };
    expect(withBound(spec, bound)).toMatchObject({ networks: [], powerState: 'Off' });
  });

  it('leaves the choice between an image and a disk to the manifest', () => {
    const importedDisk = { diskID: '1', path: 'local:import/a.qcow2' };
    expect(withBound({ importedDisk }, bound)).not.toHaveProperty('imageRef');
  });

  it('is nothing before it is made', () => {
    expect(withBound(SPEC, undefined)).toEqual(SPEC);
  });
});

describe('what counts of it', () => {
  const bound = boundTo(SPEC, PROVIDER);

  it.each([
    ['there', { id: '100123', phase: 'Failed' }, bound],
    ['being made', { phase: 'Provisioning', createRequested: true }, bound],
    [
      'refused: its author may take back what was wrong',
      { phase: 'Failed', createRequested: true },
      { providerRef: PROVIDER },
    ],
    ['refused, and was there before', { phase: 'Failed', madeBefore: true }, bound],
  ] as const)('of a VM that is %s', (_title, status, counts) => {
    expect(boundIn({ bound, ...status })).toEqual(counts);
  });
});

describe('a digest', () => {
  it('is the same in whichever order keys come', () => {
    expect(digestOf('{"a":[{"b":1,"c":2}],"d":null}')).toBe(digestOf('{"d":null,"a":[{"c":2,"b":1}]}'));
  });

  it('tells lists in another order apart', () => {
    expect(digestOf('[1,2]')).not.toBe(digestOf('[2,1]'));
  });
});
