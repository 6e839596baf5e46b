import { defineConfig } from 'vitest/config';

// Three projects: decisions (tables beside the code, one shared worker state, fast), everything that opens sockets, and the
// recordings, which come last and alone: states that pass have to be met as they pass.
const RECORDINGS = 'test/pve-sim/critical-recordings.test.ts';

export default defineConfig({
  test: {
    // Tests mostly wait, for tasks and time-outs: two at a time on two cores as well.
    maxWorkers: 2,
    reporters: ['default', ['json', { outputFile: '.cache/vitest.json' }]],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts'],
          isolate: false,
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'flows',
          isolate: false,
          include: ['test/**/*.test.ts'],
          exclude: [RECORDINGS],
          globalSetup: ['test/support/build.ts'],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          // A busy machine may take longer than a second to get there.
          expect: { poll: { timeout: 20_000 } },
        },
      },
      {
        test: {
          name: 'recordings',
          include: [RECORDINGS],
          testTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
