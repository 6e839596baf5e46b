// A real API server is the judge of our CRDs: that which serves custom resources in every Kubernetes, here on an etcd of
// its own, asked by the real kubectl. Skipped where there is no Go or no kubectl.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderCrds } from '../../scripts/render-crds.ts';
import { type CrdServer, startCrdServer } from '../support/crd-server.ts';
import { buildGo } from '../support/go.ts';
import { normaliseObject } from '../support/normalise-object.ts';
import { seedManifests, seedSkipNote } from '../support/seed-manifests.ts';
import { until } from '../support/until.ts';
import { UPSTREAM_SHAPES, upstreamObject } from '../support/upstream-shapes.ts';

const source = join(import.meta.dirname, 'crd-server');
const MANY_MINUTES = 1_800_000;
/** It never hears of Services, as there is no core API. */
const READY = '/readyz?exclude=informer-sync';

function whyNot(): string | undefined {
  try {
    execFileSync('kubectl', ['version', '--client'], { stdio: 'pipe' });
    return undefined;
  } catch {
    return 'there is no kubectl on this machine';
  }
}

let missing = whyNot();
let binary = '';
let server: CrdServer;

beforeAll(() => {
  if (missing !== undefined) return;
  const built = buildGo(source, 'crd-server');
  if ('missing' in built) missing = built.missing;
  else binary = built.binary;
}, MANY_MINUTES);

beforeAll(async () => {
  if (missing !== undefined) return;
  server = await startCrdServer(binary);
  await until(
    async () => await server.kubectl(['get', '--raw', READY]),
    ({ stdout }) => stdout === 'ok',
  );
});

afterAll(async () => {
  if (missing === undefined) await server.stop();
});

async function kubectl(args: readonly string[], stdin?: string): Promise<string> {
  const told = await server.kubectl(args, stdin);
  expect(told, told.stderr).toMatchObject({ exit: 0, stderr: '' });
  return told.stdout;
}

const crds = Object.entries(renderCrds());

describe('a real API server', () => {
  it.for(crds)('takes crds/%s, and finds its schema structural', async ([file, text], { skip }) => {
    if (missing !== undefined) return skip(missing);
    const name = `${file.replace('.yaml', '')}.infra.virtrigaud.io`;
    await kubectl(['create', '--validate=strict', '-f', '-'], text);
    await kubectl(['wait', '--for=condition=Established', `crd/${name}`, '--timeout=60s']);
    const crd = JSON.parse(await kubectl(['get', 'crd', name, '-o', 'json'])) as Crd;
    expect(crd.status.conditions.map(({ type, status }) => `${type}=${status}`)).toEqual([
      'NamesAccepted=True',
      'Established=True',
    ]);
  });
});

interface Crd {
  readonly status: { readonly conditions: readonly { readonly type: string; readonly status: string }[] };
}

const objects = [
  ...seedManifests(),
  ...UPSTREAM_SHAPES.map(({ kind, spec }, index) => ({
    title: `upstream's ${kind} ${index}`,
    kind,
    name: 'shape',
    text: upstreamObject({ kind, spec }),
  })),
];

describe(`an object of the documentation, or in upstream's shape${seedSkipNote}`, () => {
  it.for(objects)('is taken as it is written, and means the same there: $title', async (object, { skip }) => {
    if (missing !== undefined) return skip(missing);
    const { text, kind, name } = object;
    await kubectl(['apply', '--validate=strict', '-f', '-'], text);
    const kept = await kubectl(['get', `${kind}.infra.virtrigaud.io`, name, '-o', 'json']);
    const { metadata } = JSON.parse(kept) as { metadata: { uid: string } };
    const means = normaliseObject(text) as { owner?: object };
    const owner = means.owner === undefined ? {} : { owner: { ...means.owner, uid: metadata.uid } };
    expect(normaliseObject(kept)).toEqual({ ...means, ...owner });
    // Applied once more, nothing is changed: the server's defaults are not in the way.
    expect(await kubectl(['apply', '--validate=strict', '-f', '-'], text)).toMatch(/ unchanged\n$/);
    await kubectl(['delete', `${kind}.infra.virtrigaud.io`, name]);
  });
});

const spec = (kind: string, fields: unknown): string => upstreamObject({ kind, spec: fields });
const disk = (fields: object): string => spec('VirtualMachine', { disks: [{ name: 'root', ...fields }] });

const REFUSED: readonly (readonly [text: string, says: RegExp])[] = [
  [spec('VirtualMachine', { powerstate: 'On' }), /unknown field "spec.powerstate"/],
  [spec('VirtualMachine', { powerState: 'on' }), /spec.powerState: Unsupported value: "on"/],
  [spec('VirtualMachine', { networks: [{ name: 'lan', vlan: 5000 }] }), /spec.networks\[0\].vlan.*4094/],
  [spec('VirtualMachine', { disks: [{ name: 'a' }, { name: 'a' }] }), /spec.disks\[1\]: Duplicate value/],
  [disk({ size: true }), /spec.disks\[0\].size/],
  [spec('VMClass', { memory: '4Gi' }), /spec.cpus: Required value/],
  [spec('VMClass', { cpus: 2 }), /spec.memory: Required value/],
  [spec('VMImage', { source: { proxmox: { templateId: 9000 } } }), /unknown field "spec.source.proxmox.templateId"/],
  [spec('VMImage', { source: { proxmox: { templateID: 99 } } }), /spec.source.proxmox.templateID.*100/],
  [spec('VMClone', { linkedClone: true }), /spec.sourceVMRef: Required value/],
  [spec('VMSnapshot', { description: 'x' }), /spec.vmRef: Required value/],
  [spec('VMPlacementPolicy', { antiAffinity: [{ key: 'a', operator: 'Is' }] }), /Unsupported value: "Is"/],
  [spec('Provider', { type: 'proxmox', endpoint: 'pve' }), /spec.endpoint.*should match/],
];

describe('an object that is wrong', () => {
  it.for(REFUSED)('is refused by the schema: %s', async ([text, says], { skip }) => {
    if (missing !== undefined) return skip(missing);
    const { exit, stderr } = await server.kubectl(['create', '--validate=strict', '-f', '-'], text);
    expect(exit).toBe(1);
    expect(stderr).toMatch(says);
  });
});

describe('kubectl', () => {
  it('explains fields, those of unions too', async ({ skip }) => {
    if (missing !== undefined) return skip(missing);
    expect(await kubectl(['explain', 'vm.spec.networks.staticIP.address'])).toContain('Address with its prefix');
    expect(await kubectl(['explain', 'vmimage.spec.source.proxmox.snapshot'])).toContain('instead of its present');
    expect(await kubectl(['explain', 'vmpp.spec.antiAffinity'])).toContain('hostAntiAffinity');
  });

  it('prints the CPUs of a class under either name', async ({ skip }) => {
    if (missing !== undefined) return skip(missing);
    for (const cpus of ['cpu', 'cpus']) {
      const text = spec('VMClass', { [cpus]: 6, memory: '4Gi' });
      await kubectl(['create', '-f', '-'], text);
      expect(await kubectl(['get', 'vmclass', '--no-headers'])).toMatch(/^shape +6 +4Gi /);
      await kubectl(['delete', 'vmclass', 'shape']);
    }
  });
});
