import { runPlugin } from '#cli/kubectl/run-plugin';
import { runVmPlugin } from '#cli/kubectl/program';
import packageJson from '../package.json' with { type: 'json' };

process.exitCode = await runPlugin(runVmPlugin, packageJson.version);
