// Renders the CRDs from the kinds in src/crd: `npm run docs`. A test holds the files current.
import { customResourceDefinitions } from '#crd/definition/custom-resource-definition';
import { stringify } from 'yaml';

const HEADER = '# Rendered from src/crd by `npm run docs`.\n';

/** File below crds/ to its text. */
export function renderCrds(): Record<string, string> {
  return Object.fromEntries(
    customResourceDefinitions().map((crd) => [
      `${crd.spec.names.plural}.yaml`,
      // kubectl reads YAML 1.1, where a bare `On` is a boolean.
      HEADER + stringify(crd, { lineWidth: 0, aliasDuplicateObjects: false, compat: 'yaml-1.1' }),
    ]),
  );
}
