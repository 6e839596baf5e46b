import { describe, expect, test } from 'vitest';
import { BUILT_IN_RESOURCES } from '../kinds/schemas/built-in-resources.ts';
import type { Json } from '../object.ts';
import { isMissing, machineResources, recording, WHY_SKIPPED } from '../recordings.ts';
import { documentsInV3 } from './v3.ts';

const crd = BUILT_IN_RESOURCES.filter(({ group }) => group === 'apiextensions.k8s.io');

describe.skipIf(isMissing)(`the recorded documents (${WHY_SKIPPED} if skipped)`, () => {
  test.each([
    ['apis/apiextensions.k8s.io/v1', '001', 1],
    ['apis/example.test/v1', '011', 1],
  ])('of %s is made from the kinds', (path, number, index) => {
    const resources = [...crd, ...machineResources()];
    const recorded = recording(number).exchanges[index]?.response.body as Json;
    expect(documentsInV3(resources).get(path)?.()).toEqual(recorded);
  });
});

describe('the documents', () => {
  const documents = documentsInV3(BUILT_IN_RESOURCES);

  test('are one for each group and version, and for what tells of them', () => {
    expect([...documents.keys()]).toEqual([
      'api/v1',
      'apis',
      'apis/apiextensions.k8s.io',
      'apis/apiextensions.k8s.io/v1',
      'apis/coordination.k8s.io',
      'apis/coordination.k8s.io/v1',
      'apis/events.k8s.io',
      'apis/events.k8s.io/v1',
      'version',
    ]);
  });

  test.each([...documents.keys()])('of %s refers to nothing that is not in it', (path) => {
    const document = documents.get(path)?.() as { components: { schemas: object } };
    const known = new Set(Object.keys(document.components.schemas));
    const names = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(
      ([, name]) => name ?? '',
    );
    expect(names.filter((name) => !known.has(name))).toEqual([]);
  });
});
