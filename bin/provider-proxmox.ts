import { runProvider } from '#provider/program';
import { parseFlags } from '#rpc/flags';
import packageJson from '../package.json' with { type: 'json' };

const { version } = packageJson;
const parsed = parseFlags(process.argv.slice(2), 'provider-proxmox');
switch (parsed.kind) {
  case 'version':
    process.stdout.write(`provider-proxmox ${version}\n`);
    break;
  case 'usage':
    process.stderr.write(parsed.text);
    process.exitCode = parsed.exitCode;
    break;
  case 'run':
    await runProvider({ flags: parsed.flags, version, environment: process.env });
}
