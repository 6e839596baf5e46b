// Real kubectl reads what tells it about the API: discovery, OpenAPI, tables.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BUILT_IN_RESOURCES } from '#kube-sim/kinds/schemas/built-in-resources';
import type { Json, KubeObject } from '#kube-sim/object';
import { isMissing, machineResources, recording } from '#kube-sim/recordings';
import { hasKubectl, kubectl } from '../support/kubectl.ts';
import type { Kubectl, Outcome } from '../support/kubectl.ts';
import { startDocumentsServer } from './documents-server.ts';
import type { DocumentsServer } from './documents-server.ts';

const MACHINES = '/apis/example.test/v1/namespaces/default/machines';
const machine = object('example.test/v1', 'Machine', {
  spec: { pool: 'red', cpus: 2, disks: [{ name: 'root', size: '10Gi', bus: 'scsi', cache: { mode: 'none' } }] },
});
const OBJECTS = {
  [MACHINES]: [machine],
  '/api/v1/namespaces/default/secrets': [object('v1', 'Secret', { type: 'Opaque', data: { a: 'YQ==' } })],
  '/api/v1/namespaces/default/configmaps': [],
  '/api/v1/namespaces/default/serviceaccounts': [
    object('v1', 'ServiceAccount', { secrets: [{ name: 'x' }, { name: 'y' }] }),
  ],
};

function object(apiVersion: string, kind: string, members: Readonly<Record<string, Json>>): KubeObject {
  const metadata = {
    name: 'a1',
    namespace: 'default',
    uid: 'u',
    resourceVersion: '7',
    creationTimestamp: '2001-02-03T04:05:06Z',
  };
  return { apiVersion, kind, metadata, ...members };
}

describe.skipIf(!hasKubectl || isMissing)('kubectl (skipped where there is none, or no recordings)', () => {
  let server: DocumentsServer;
  let client: Kubectl;

  beforeAll(async () => {
    server = await startDocumentsServer([...BUILT_IN_RESOURCES, ...machineResources()], OBJECTS);
    client = kubectl(['--server', server.url]);
  });
  afterAll(() => {
    client.remove();
    server.stop();
  });

  const run = (line: string, stdin?: string): Promise<Outcome> => client.run(line.split(' '), stdin);

  test.each(['012', '013', '014', '017'])('explains as in recording %s', async (number) => {
    const { command, stdout } = recording(number);
    const got = await run(command.replace(/^kubectl /, ''));
    expect(got.stdout).toBe(stdout);
  });

  test.each([
    ['explain namespaces.metadata.labels', 'FIELD: labels <map[string]string>'],
    ['explain events --api-version=events.k8s.io/v1', 'regarding\t<ObjectReference>'],
    ['explain crd.spec.versions.schema.openAPIV3Schema', 'FIELD: openAPIV3Schema <JSONSchemaProps>'],
  ])('%s', async (line, part) => {
    const { code, stdout, stderr } = await run(line);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(part);
  });

  test('asks for a document again only when it has changed', async () => {
    const before = server.requests.length;
    await run('explain machines.spec');
    expect(server.requests.slice(before)).toEqual(['GET /openapi/v3 304']);
  });

  test('lists kinds and versions', async () => {
    const resources = await run('api-resources --no-headers -o name');
    expect(resources.stdout.trim().split('\n').toSorted()).toEqual([
      'configmaps',
      'customresourcedefinitions.apiextensions.k8s.io',
      'events',
      'events.events.k8s.io',
      'leases.coordination.k8s.io',
      'machines.example.test',
      'machinesets.example.test',
      'namespaces',
      'secrets',
      'serviceaccounts',
    ]);
    expect((await run('api-versions')).stdout.trim().split('\n')).toEqual([
      'apiextensions.k8s.io/v1',
      'coordination.k8s.io/v1',
      'events.k8s.io/v1',
      'example.test/v1',
      'v1',
    ]);
  });

  test.each([
    ['get machines', /^NAME +POOL +CPUS +PHASE +FIRST-DISK .* AGE\na1 +red +2 +10Gi +\d+y(\d+d)?\n$/],
    ['get secret a1', /^NAME +TYPE +DATA +AGE\na1 +Opaque +1 +\d+y(\d+d)?\n$/],
  ])('%s prints a table', async (line, shown) => {
    expect((await run(line)).stdout).toMatch(shown);
  });

  test('reads version 2 in protobuf', async () => {
    const { stdout } = await run('explain machines.spec --recursive --output=plaintext-openapiv2');
    expect(stdout).toContain(
      'disks\t<[]Object>\n      bus\t<string>\n      cache\t<Object>\n         mode\t<string>\n',
    );
    expect(server.requests).toContain('GET /openapi/v2 200');
  });

  test('merges the lists of built-in kinds', async () => {
    const secrets = [{ name: 'x' }, { name: 'z' }];
    const manifest = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'a1' }, secrets };
    const { code } = await run('apply -f -', JSON.stringify(manifest));
    expect(code).toBe(0);
    expect(server.patches).toMatchObject([{ '$setElementOrder/secrets': secrets, secrets: [{ name: 'z' }] }]);
  });

  test('finds that the server validates, and leaves it to it', async () => {
    const wrong = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a2' }, nope: 1 };
    const { stderr } = await run('create -f -', JSON.stringify(wrong));
    expect(stderr).not.toContain('error validating');
    expect(server.requests).toContain('POST /api/v1/namespaces/default/configmaps 200');
  });
});
