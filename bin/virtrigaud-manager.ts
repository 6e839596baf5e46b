import { join } from 'node:path';
import { CommanderError } from '@commander-js/extra-typings';
import { type CommandLine, NAME, readCommandLine } from '#manager/command-line';
import { type Clock, createClock } from '#runtime/clock';
import { createLogger, type Logger } from '#runtime/log';
import { createShutdown, type Shutdown } from '#runtime/shutdown';
import { keepYoungHeapSmall } from '#runtime/young-heap';
import packageJson from '../package.json' with { type: 'json' };

const { version } = packageJson;
const SHUTDOWN_MS = 15_000;

interface Program {
  readonly clock: Clock;
  readonly log: Logger;
  readonly shutdown: Shutdown;
}

try {
  const options = readCommandLine(process.argv.slice(2), version);
  const clock = createClock({ factor: options.timeScale });
  const log = createLogger({ level: options.logLevel, format: options.logFormat });
  const program = { clock, log, shutdown: createShutdown({ clock, log, limitMs: SHUTDOWN_MS }) };
  if (options.kind === 'standalone') await runStandalone(options, program);
  else await runInCluster(options, program);
  program.shutdown.listen();
} catch (error) {
  // Commander has said what is wrong by itself.
  if (!(error instanceof CommanderError))
    process.stderr.write(`${NAME}: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof CommanderError ? error.exitCode : 1;
}

/** Each part is loaded when it is needed: an API alone is small. */
async function runStandalone(options: CommandLine & { kind: 'standalone' }, program: Program): Promise<void> {
  const { clock, log, shutdown } = program;
  const { dataDir, listen, endpoints } = options;
  const { customResourceDefinitions } = await import('#crd/definition/custom-resource-definition');
  const { serveStandalone } = await import('#kube-sim/command');
  const definitions = customResourceDefinitions();
  // Its times are those of everybody.
  const api = await serveStandalone({ dataDir, listen, definitions, name: NAME, clock: createClock(), log });
  shutdown.add('api', async () => await api.stop());
  if (options.isApiOnly) return;
  const { createInProcessRunner } = await import('#manager/provider/in-process');
  const { checkProvider, launchProvider } = await import('#provider/launch');
  const runner = createInProcessRunner({
    launcher: {
      check: checkProvider,
      launch: async ({ provider, environment, host, port }) => {
        const own = createLogger({
          level: environment['LOG_LEVEL'] as CommandLine['logLevel'],
          format: options.logFormat,
        });
        const named = own.with({ provider: `${provider.namespace}/${provider.name}` });
        return await launchProvider({ environment, host, port, version, clock, log: named });
      },
    },
    folder: join(dataDir, 'providers'),
    endpoints,
    now: () => clock.realNow(),
  });
  const { runManager } = await import('#manager/program');
  await runManager({ ...options, login: { kubeconfig: api.kubeconfig }, runner, version, ...program });
}

async function runInCluster(options: CommandLine & { kind: 'cluster' }, program: Program): Promise<void> {
  const { createDeploymentRunner } = await import('#manager/provider/deployment');
  const { runManager } = await import('#manager/program');
  const { kubeconfig, context, providerImage } = options;
  const runner = createDeploymentRunner(providerImage);
  keepYoungHeapSmall();
  await runManager({ ...options, login: { kubeconfig, context }, runner, version, ...program });
}
