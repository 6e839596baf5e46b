// Writes src/rpc/gen from proto/. `target=js+dts`, because the TypeScript target emits enums, which Node cannot run.
// With a folder as argument it writes there instead, so that a test can compare the bytes.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const bin = (program: string): string => resolve(root, 'node_modules/.bin', program);
const out = resolve(process.argv[2] ?? resolve(root, 'src/rpc/gen'));

const template = {
  version: 'v2',
  plugins: [{ local: [process.execPath, bin('protoc-gen-es')], out, opt: ['target=js+dts', 'import_extension=js'] }],
};

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
execFileSync(bin('buf'), ['generate', 'proto', '--template', JSON.stringify(template)], {
  cwd: root,
  stdio: 'inherit',
});
