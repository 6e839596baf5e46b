// What people apply, and what an API server that has our CRDs makes of it: any such server, so that several can be asked.
import { expect } from 'vitest';
import { normaliseObject } from '../support/normalise-object.ts';
import { seedManifests } from '../support/seed-manifests.ts';
import { UPSTREAM_SHAPES, upstreamObject } from '../support/upstream-shapes.ts';

/** Runs real kubectl against the server in question; `stdin` is what `-f -` reads. */
export type Kubectl = (
  args: readonly string[],
  stdin?: string,
) => Promise<{ readonly exit: number; readonly stdout: string; readonly stderr: string }>;

interface AppliedObject {
  readonly title: string;
  readonly kind: string;
  readonly name: string;
  /** YAML or JSON. */
  readonly text: string;
}

/** The documentation's, and upstream's shapes. */
const APPLIED: readonly AppliedObject[] = [
  ...seedManifests(),
  ...UPSTREAM_SHAPES.map(({ kind, spec }, index) => ({
    title: `upstream's ${kind} ${index}`,
    kind,
    name: 'shape',
    text: upstreamObject({ kind, spec }),
  })),
];

const spec = (kind: string, fields: unknown): string => upstreamObject({ kind, spec: fields });
const disk = (fields: object): string => spec('VirtualMachine', { disks: [{ name: 'root', ...fields }] });

/** Objects that the schemas refuse. */
export const REFUSED: readonly (readonly [text: string, says: RegExp])[] = [
  [spec('VirtualMachine', { powerstate: 'On' }), /unknown field "spec.powerstate"/],
  [spec('VirtualMachine', { powerState: 'on' }), /spec.powerState: Unsupported value: "on"/],
  [spec('VirtualMachine', { networks: [{ name: 'lan', vlan: 5000 }] }), /spec.networks\[0\].vlan.*4094/],
  [spec('VirtualMachine', { disks: [{ name: 'a' }, { name: 'a' }] }), /spec.disks\[1\]: Duplicate value/],
  [disk({ size: true }), /spec.disks\[0\].size/],
  [disk({ size: '40GB' }), /spec.disks\[0\].size.*should match/],
  [spec('VirtualMachine', { networks: [{ name: 'lan', bridge: 'a,b' }] }), /spec.networks\[0\].bridge.*should match/],
  [spec('VMClass', { memory: '4Gi' }), /spec.cpus: Required value/],
  [spec('VMClass', { cpus: 2 }), /spec.memory: Required value/],
  [spec('VMImage', { source: { proxmox: { templateId: 9000 } } }), /unknown field "spec.source.proxmox.templateId"/],
  [spec('VMImage', { source: { proxmox: { templateID: 99 } } }), /spec.source.proxmox.templateID.*100/],
  [spec('VMClone', { linkedClone: true }), /spec.sourceVMRef: Required value/],
  [spec('VMSnapshot', { description: 'x' }), /spec.vmRef: Required value/],
  [spec('VMPlacementPolicy', { antiAffinity: [{ key: 'a', operator: 'Is' }] }), /Unsupported value: "Is"/],
  [spec('Provider', { type: 'proxmox', endpoint: 'pve' }), /spec.endpoint.*should match/],
];

/** Objects whose names do not meet: what a person has in one file. */
export const BATCHES: readonly { readonly title: string; readonly objects: readonly AppliedObject[] }[] = batches().map(
  (objects) => ({ title: objects.map(nameOf).join(', '), objects }),
);

function batches(): AppliedObject[][] {
  const made: AppliedObject[][] = [];
  for (const object of APPLIED) {
    const free = made.find((batch) => batch.every((other) => nameOf(other) !== nameOf(object)));
    if (free === undefined) made.push([object]);
    else free.push(object);
  }
  return made;
}

function nameOf({ kind, name }: AppliedObject): string {
  return `${kind.toLowerCase()}/${name}`;
}

/** Applies them strictly, twice, and compares what each means there. */
export async function applyObjects(run: Kubectl, objects: readonly AppliedObject[]): Promise<void> {
  const file = objects.map(({ text }) => text).join('\n---\n');
  const names = objects.map(nameOf);
  await must(run, ['apply', '--validate=strict', '-f', '-'], file);
  const { items } = JSON.parse(await must(run, ['get', ...names, '-o', 'json'])) as { items: KeptObject[] };
  expect(items.map(({ kind, metadata }) => nameOf({ title: '', text: '', kind, name: metadata.name }))).toEqual(names);
  for (const [index, kept] of items.entries()) compare(objects[index]?.text ?? '', kept);
  // Applied once more, nothing is changed: the server's defaults are not in the way.
  const again = await must(run, ['apply', '--validate=strict', '-f', '-'], file);
  expect(
    again
      .trim()
      .split('\n')
      .filter((line) => !line.endsWith(' unchanged')),
  ).toEqual([]);
  await must(run, ['delete', ...names]);
}

interface KeptObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly uid: string };
}

function compare(text: string, kept: KeptObject): void {
  const means = normaliseObject(text) as { owner?: object };
  const owner = means.owner === undefined ? {} : { owner: { ...means.owner, uid: kept.metadata.uid } };
  expect(normaliseObject(JSON.stringify(kept))).toEqual({ ...means, ...owner });
}

export async function refuseObject(run: Kubectl, text: string, says: RegExp): Promise<void> {
  const { exit, stderr } = await run(['create', '--validate=strict', '-f', '-'], text);
  expect(stderr).toMatch(says);
  expect(exit).toBe(1);
}

/** Fields of unions too. */
export async function explainFields(run: Kubectl): Promise<void> {
  expect(await must(run, ['explain', 'vm.spec.networks.staticIP.address'])).toContain('Address with its prefix');
  expect(await must(run, ['explain', 'vmimage.spec.source.proxmox.snapshot'])).toContain('instead of its present');
  expect(await must(run, ['explain', 'vmpp.spec.antiAffinity'])).toContain('hostAntiAffinity');
}

/** `cpu` and `cpus` share a column. */
export async function printClasses(run: Kubectl): Promise<void> {
  for (const cpus of ['cpu', 'cpus']) {
    await must(run, ['create', '-f', '-'], spec('VMClass', { [cpus]: 6, memory: '4Gi' }));
    expect(await must(run, ['get', 'vmclass', '--no-headers'])).toMatch(/^shape +6 +4Gi /);
    await must(run, ['delete', 'vmclass', 'shape']);
  }
}

/** @returns what kubectl prints where it succeeds and says nothing on its standard error */
export async function must(run: Kubectl, args: readonly string[], stdin?: string): Promise<string> {
  const told = await run(args, stdin);
  expect(told, told.stderr).toMatchObject({ exit: 0, stderr: '' });
  return told.stdout;
}
