// VirtRigaud's manager is written in Go: here its gRPC library talks to our server over mTLS. Skipped where there is no Go.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { loadSecurity } from '#rpc/credentials';
import type { CallContext } from '#rpc/service';
import { createClock } from '#runtime/clock';
import { createLogger } from '#runtime/log';
import { makeCa } from '../support/certificates.ts';
import { buildGo } from '../support/go.ts';
import { serve } from './support/serve.ts';
import { filesOf, tlsFolder } from './support/tls-folder.ts';

const NAME = 'virtrigaud-provider-default-pve.default.svc.cluster.local';
const source = join(import.meta.dirname, 'go-peer');

interface Check {
  readonly check: string;
  readonly code: string;
  readonly message: string;
  /** base64, as Go writes bytes. */
  readonly answer: string | null;
}

async function untilOver({ deadline }: CallContext): Promise<never> {
  return await new Promise((_, reject) => {
    deadline.signal.addEventListener('abort', () => reject(deadline.signal.reason as Error), { once: true });
  });
}

it('a Go client gets what a Go server would give it', async ({ skip }) => {
  const built = buildGo(source, 'go-peer');
  if ('missing' in built) return skip(built.missing);

  const ca = await makeCa();
  const folder = tlsFolder();
  // One certificate for both ends, as the manager uses it.
  folder.mount(filesOf(await ca.leaf({ dns: [NAME] }), ca));
  const log = createLogger({ write: () => undefined });
  const security = loadSecurity({ directory: folder.path, insecure: false, clock: createClock(), log });
  const ended: string[] = [];
  const { server } = await serve(
    {
      validate: async () => await Promise.resolve({ ok: true, message: 'é' }),
      describe: async ({ id }, { owner }) => await Promise.resolve({ consoleUrl: `${id} of ${owner.name}` }),
      delete: async (_, call) => await untilOver(call),
      power: async (_, call) => await untilOver(call).finally(() => ended.push('power')),
    },
    { credentials: security.credentials, allowedSans: [NAME] },
  );
  const run = promisify(execFile);
  const { stdout } = await run(built.binary, [`127.0.0.1:${server.port}`, folder.path, NAME], { timeout: 60_000 });
  security.stop();

  const checks = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Check)
    .map(({ check, code, message, answer }) => [
      check,
      code,
      message || Buffer.from(answer ?? '', 'base64').toString(),
    ]);
  expect(checks).toEqual([
    ['validate', 'OK', '\b\u0001\u0012\u0002é'],
    ['owner', 'OK', '"\n100 of web'],
    ['unimplemented', 'Unimplemented', 'HardwareUpgrade: not supported by this version of the provider.'],
    ['out of time', 'Aborted', expect.stringContaining('Repeat the call')],
    ['cancelled', 'Canceled', expect.anything()],
    ['too large', 'ResourceExhausted', expect.stringContaining('larger than max')],
    ['health ', 'OK', 'SERVING'],
    ['health provider', 'OK', 'SERVING'],
    ['health other', 'NotFound', 'service "other": not known here.'],
    ['watch', 'OK', 'SERVING'],
    ['500 at once', 'OK', ''],
  ]);
  await expect.poll(() => ended).toEqual(['power']);
});
