import { describe, expect, test } from 'vitest';
import { BUILT_IN_RESOURCES } from '../kinds/schemas/built-in-resources.ts';
import type { Json } from '../object.ts';
import { isMissing, machineResources, recording, WHY_SKIPPED } from '../recordings.ts';
import { documentInV2 } from './v2.ts';

const crd = BUILT_IN_RESOURCES.filter(({ group }) => group === 'apiextensions.k8s.io');

describe.skipIf(isMissing)(`the recorded document (${WHY_SKIPPED} if skipped)`, () => {
  test('is made from the kinds', () => {
    const recorded = recording('011').exchanges[2]?.response.body as Json;
    expect(documentInV2([...crd, ...machineResources()])).toEqual(recorded);
  });
});

test('the document of a whole server refers to nothing that is not in it', () => {
  const document = documentInV2(BUILT_IN_RESOURCES);
  const known = new Set(
    ['definitions', 'parameters'].flatMap((of) => Object.keys(document[of] as object).map((name) => `#/${of}/${name}`)),
  );
  const references = [...JSON.stringify(document).matchAll(/"(#\/[^"]+)"/g)].map(([, name]) => name ?? '');
  expect(references.filter((name) => !known.has(name))).toEqual([]);
  expect(references.length).toBeGreaterThan(500);
});
