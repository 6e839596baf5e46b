// Killed in the middle of writing, 25 times: nothing acknowledged is lost, no watch has a gap.
import { expect, test } from 'vitest';
import { seeded } from '../support/random.ts';
import { storm } from './storm.ts';

test('25 times killed, it has everything that it said it had', async () => {
  const { acknowledged, ...wrong } = await storm(25, seeded(25));
  process.stdout.write(`  ${acknowledged} acknowledged writes, 25 kills\n`);
  expect(acknowledged).toBeGreaterThan(500);
  expect(wrong).toEqual({ lost: [], repeated: [], missed: [] });
});
