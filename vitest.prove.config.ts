import { basename } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { controllerTests, GIVEN_API_REPORT } from './test/support/controller-tests.ts';

/** What takes a minute and more, the longest first: begun last, one of them would keep a worker busy and the other idle. */
const LONGEST = [
  'protocol',
  'killed-processes',
  'kube-many-kills',
  'replay',
  'kill-points',
  'sources-kill-points',
  'two-providers',
  'go-manager-day-two-deaths',
  'reconfigure-random',
  'images-on-nodes',
  'go-manager',
  'images',
  'create-table',
  'access',
  'kube-recordings',
  'kube-kills',
  'kube-load',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const place = LONGEST.indexOf(basename(moduleId, '.prove.ts'));
      return place === -1 ? LONGEST.length : place;
    };
    return (await super.sort(files)).toSorted((one, other) => rank(one) - rank(other));
  }
}

/** Then it is about controllers at that API, whose objects one file at a time may change. */
const isGivenApi = process.env['KUBE_TEST_KUBECONFIG'] !== undefined;

// What takes longer than `npm test` may: models with many random schedules, soak runs, large worlds.
export default defineConfig({
  test: {
    include: isGivenApi ? [...controllerTests()] : ['test/**/*.prove.ts'],
    fileParallelism: !isGivenApi,
    globalSetup: ['test/support/build.ts'],
    // As in `npm test`; more would be too many for tests against the clock.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    reporters: ['default', ['json', { outputFile: isGivenApi ? GIVEN_API_REPORT : '.cache/vitest-prove.json' }]],
    testTimeout: 1_800_000,
    hookTimeout: 60_000,
  },
});
