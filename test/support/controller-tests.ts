// The tests of controllers that any Kubernetes API can be asked in, one file after the other (see flow-api.ts).
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** Where `npm run prove` counts them. */
export const GIVEN_API_REPORT = '.cache/vitest-given-api.json';

/** Paths from the root of the repository. */
export function controllerTests(): readonly string[] {
  const files = globSync('test/manager/*.{test,prove}.ts', { cwd: root }).toSorted();
  return files.filter((file) => /start(ManagerFlow|FlowApi)\(/.test(readFileSync(join(root, file), 'utf8')));
}
