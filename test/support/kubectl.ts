// The real kubectl, where there is one.
import { existsSync, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Its path. Tests that need it skip without it. */
export const kubectlProgram = find();

/** A wrapper that picks one by the server's version is passed over for what lies beside it. */
function find(): string | undefined {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const file = join(folder, 'kubectl');
    if (!existsSync(file)) continue;
    const beside = `${realpathSync(file)}.1.32`;
    return existsSync(beside) ? beside : file;
  }
  return undefined;
}
