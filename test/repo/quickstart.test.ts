import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bundleManifests } from '#crd/bundle';
import { parseManifests } from '#crd/manifests';
import { normaliseVm } from '#crd/normalise';
import { decodeCreate, encodeCreate } from '#rpc/payload/create';

describe('the one path from a manifest to a request', () => {
  const text = readFileSync(join(import.meta.dirname, '../../examples/quickstart.yaml'), 'utf8');
  const vms = bundleManifests(parseManifests(text)).vms.map(normaliseVm);

  it('gives the provider what the documented web-server says', () => {
    expect(vms).toHaveLength(1);
    const { spec, powerState, owner } = vms[0] ?? {};
    expect({ powerState, owner }).toEqual({ powerState: 'On', owner: { name: 'web-server', namespace: 'default' } });
    expect(spec).toMatchObject({
      name: 'web-server',
      image: { kind: 'template', ref: 'ubuntu-22-template' },
      size: { cpus: 2, memoryMib: 4096, firmware: 'uefi', machine: 'q35' },
      networks: [{ name: 'lan' }],
      disks: [{ name: 'root', sizeGib: 40 }],
    });
    expect(new TextDecoder().decode(spec?.userData)).toMatch(/^#cloud-config\nhostname: web-server\n/);
  });

  it.each(vms.map(({ spec }) => [spec.name, spec] as const))('loses nothing of %s on the wire', (_name, spec) => {
    expect(decodeCreate(encodeCreate(spec))).toEqual(spec);
  });
});
