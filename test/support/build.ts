// Runs once before the tests that start programs, so that dist/ holds what the source says now.
import { buildAll } from '../../scripts/build.ts';

export async function setup(): Promise<void> {
  await buildAll();
}
