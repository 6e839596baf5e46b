import { parseManifests } from '#crd/manifests';
import { normaliseObject as normalise } from '#crd/normalise-object';

/** What one object means, in YAML or JSON, as its author or as an API server has it. */
export function normaliseObject(text: string): unknown {
  const [manifest, ...more] = parseManifests(text);
  const meaning = manifest === undefined ? undefined : normalise(manifest);
  if (meaning === undefined || more.length > 0) throw new Error(`not one object: ${text}`);
  return meaning;
}
