// The curl lines that people try first when something does not work, as guides for the provider print them.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '#pve-sim/simulator';

const run = promisify(execFile);
const hasCurl = await run('curl', ['--version']).then(
  () => true,
  () => false,
);

describe.skipIf(!hasCurl)(`curl${hasCurl ? '' : ' (skipped: there is no curl)'}`, () => {
  let simulator: Simulator;
  beforeAll(async () => {
    simulator = await startSimulator({ timeScale: 20 });
  });
  afterAll(async () => {
    await simulator.stop();
  });

  const curl = async (...args: string[]): Promise<string> => (await run('curl', ['-sS', '-k', ...args])).stdout;
  const url = (path: string): string => `${simulator.nodes[0]?.url ?? ''}/api2/json${path}`;
  const header = (secret: string): string => `Authorization: PVEAPIToken=${simulator.token.id}=${secret}`;

  test('without credentials is told so', async () => {
    expect(await curl('-w', '%{http_code}', url('/version'))).toBe('401');
    expect(await curl('-v', url('/version'), '--stderr', '-')).toContain('401 No ticket');
  });

  test('with a token gets the version and the nodes', async () => {
    expect(JSON.parse(await curl(url('/version'), '-H', header(simulator.token.secret)))).toMatchObject({
      data: { release: '9.1' },
    });
    const nodes = JSON.parse(await curl(url('/nodes'), '-H', header(simulator.token.secret))) as { data: unknown[] };
    expect(nodes.data).toHaveLength(3);
  });

  test('with a wrong secret is refused', async () => {
    expect(await curl('-w', '%{http_code}', url('/version'), '-H', header('wrong'))).toBe('401');
  });
});
