// All that stock kubectl and a real API server said to each other in the recordings, replayed against the API on one machine.
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { kubectlProgram } from '../support/kubectl.ts';
import * as adapter from './replay-adapter.ts';

interface Played {
  readonly name: string;
  readonly verdict: 'equal' | 'different' | 'unsupported' | 'set-up';
  readonly difference?: { readonly path: string; readonly expected: string; readonly got: string };
}

interface Report {
  readonly totals: { readonly total: number; readonly equal: number; readonly percentOfSupported: number };
  readonly files: readonly Played[];
}

interface Tool {
  readonly replayKube: (options: { adapter: unknown; unsupported: unknown }) => Promise<Report>;
}

interface Parser {
  readonly parseUnsupported: (text: string) => unknown;
}

const LEAST_PERCENT = 95;
const LEAST_EQUAL = 150;

const tools = join(resolve(process.env['FACTS_DIR'] ?? '../shared'), 'tools');
const load = async <Module>(file: string): Promise<Module> =>
  (await import(pathToFileURL(join(tools, file)).href)) as Module;

/** Where somebody says that the recordings are here, they have to be. */
const areMissing = !existsSync(join(tools, 'replay-kube.mjs')) && process.env['FACTS_DIR'] === undefined;
const why = areMissing ? 'the recordings are not here' : kubectlProgram === undefined ? 'there is no kubectl here' : '';

describe.skipIf(why !== '')(`recordings of kubectl${why && ` (skipped: ${why})`}`, () => {
  test('are played as recorded', async () => {
    const { replayKube } = await load<Tool>('replay-kube.mjs');
    const { parseUnsupported } = await load<Parser>('replay-kube/recordings.mjs');
    const list = readFileSync(join(import.meta.dirname, 'replay-unsupported.txt'), 'utf8');
    const { totals, files } = await replayKube({ adapter, unsupported: parseUnsupported(list) });
    const lines = files.filter(({ verdict }) => verdict === 'different').map(describeDifference);
    process.stdout.write(
      `${totals.equal} equal, ${totals.percentOfSupported} % of those claimed\n${lines.join('\n')}\n`,
    );
    expect(totals.equal, lines.join('\n')).toBeGreaterThan(LEAST_EQUAL);
    expect(totals.percentOfSupported, lines.join('\n')).toBeGreaterThanOrEqual(LEAST_PERCENT);
  });
});

function describeDifference({ name, difference }: Played): string {
  const cut = (text = ''): string => text.slice(0, 200);
  return `${name}: ${difference?.path}: expected ${cut(difference?.expected)}, got ${cut(difference?.got)}`;
}
