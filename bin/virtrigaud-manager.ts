import { CommanderError } from '@commander-js/extra-typings';
import { customResourceDefinitions } from '#crd/definition/custom-resource-definition';
import { runStandalone } from '#kube-sim/command';
import packageJson from '../package.json' with { type: 'json' };

try {
  await runStandalone({
    args: process.argv.slice(2),
    version: packageJson.version,
    definitions: customResourceDefinitions(),
  });
} catch (error) {
  // Commander has said what is wrong by itself.
  if (!(error instanceof CommanderError))
    process.stderr.write(`virtrigaud-manager: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof CommanderError ? error.exitCode : 1;
}
