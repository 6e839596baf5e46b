import { runPlugin } from '#cli/kubectl/run-plugin';
import { runCreateVmSnapshot } from '#cli/kubectl/program';
import packageJson from '../package.json' with { type: 'json' };

process.exitCode = await runPlugin(runCreateVmSnapshot, packageJson.version);
