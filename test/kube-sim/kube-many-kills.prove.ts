// As kube-kills, 100 times and at other moments.
import { expect, test } from 'vitest';
import { seeded } from '../support/random.ts';
import { storm } from './storm.ts';

test('100 times killed, it has everything that it said it had', async () => {
  const { acknowledged, ...wrong } = await storm(100, seeded(100));
  process.stdout.write(`  ${acknowledged} acknowledged writes, 100 kills\n`);
  expect(acknowledged).toBeGreaterThan(2000);
  expect(wrong).toEqual({ lost: [], repeated: [], missed: [] });
});
