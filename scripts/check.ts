// `npm run check`: everything that has to be true of a commit, cheapest first, one line per step.
// --skip-tests leaves the suite out; --go-on does not stop at the first failure.
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';

const STEPS: readonly { readonly name: string; readonly command: string }[] = [
  { name: 'types', command: 'tsc' },
  { name: 'lint', command: 'oxlint --type-aware --deny-warnings' },
  { name: 'format', command: 'biome format' },
  { name: 'unused', command: 'knip' },
  { name: 'tests', command: 'vitest run' },
];

interface Outcome {
  readonly passed: boolean;
  readonly output: string;
}

/** Runs a command without a shell, from PATH; its output is one text in the order it came. */
async function run(command: string): Promise<Outcome> {
  const [program = '', ...args] = command.split(' ');
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  return await new Promise((resolve) => {
    child.on('error', (error) => resolve({ passed: false, output: `${command}: ${error.message}\n` }));
    child.on('close', (code) => resolve({ passed: code === 0, output: Buffer.concat(chunks).toString() }));
  });
}

const { values } = parseArgs({ options: { 'skip-tests': { type: 'boolean' }, 'go-on': { type: 'boolean' } } });

for (const { name, command } of STEPS) {
  if (name === 'tests' && values['skip-tests'] === true) continue;
  const started = performance.now();
  const { passed, output } = await run(command);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (!passed) {
    process.stdout.write(output);
    process.exitCode = 1;
  }
  process.stdout.write(`${passed ? 'ok    ' : 'FAILED'} ${name.padEnd(6)} ${seconds.padStart(6)} s  ${command}\n`);
  if (!passed && values['go-on'] !== true) break;
}
