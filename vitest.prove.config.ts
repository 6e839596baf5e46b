import { defineConfig } from 'vitest/config';

// What takes longer than `npm test` may: models with many random schedules, soak runs, large worlds.
export default defineConfig({
  test: {
    include: ['test/**/*.prove.ts'],
    globalSetup: ['test/support/build.ts'],
    reporters: ['default', ['json', { outputFile: '.cache/vitest-prove.json' }]],
    passWithNoTests: true,
    testTimeout: 1_800_000,
    hookTimeout: 60_000,
  },
});
