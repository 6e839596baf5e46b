import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Simulator, startSimulator } from '#pve-sim/simulator';
import { makeCa } from '../support/certificates.ts';
import { providerEnvironment } from '../support/flow.ts';
import { type Ended, runToEnd, startProviderProcess } from '../support/processes.ts';

// The provider as a process. Each way in which it cannot start has its own line and exit code 1, within 15 s.

const TIME_STAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z /;
const LIMIT_SECONDS = 15;

let sim: Simulator;
beforeAll(async () => {
  sim = await startSimulator({ cluster: 'one-node', port: 0, timeScale: 1 });
});
afterAll(async () => await sim.stop());

/** A port of this machine that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/**
 * The last line the provider leaves behind with these settings instead of the simulator's, without its time stamp.
 * @param secondsOf how long it took, of what is to be within the limit; from its start where absent
 */
async function lastWords(
  change: Readonly<Record<string, string | undefined>>,
  secondsOf = ({ seconds }: Ended): number => seconds,
): Promise<string> {
  const merged = { ...providerEnvironment(sim, 0), ...change };
  const environment = Object.fromEntries(
    Object.entries(merged).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
  const ended = await runToEnd(['--port=0', '--health-port=0'], environment);
  const { code, lines } = ended;
  expect(code).toBe(1);
  expect(secondsOf(ended)).toBeLessThan(LIMIT_SECONDS);
  const line = lines.at(-1) ?? '';
  expect(line).toMatch(TIME_STAMP);
  return line.replace(TIME_STAMP, '');
}

describe.concurrent('a provider that cannot start says', () => {
  it('that the endpoint is missing', async () => {
    const line = 'ERROR Failed to create PVE client error="endpoint is required"';
    expect(await lastWords({ PVE_ENDPOINT: undefined })).toContain(line);
    expect(await lastWords({ PVE_ENDPOINT: '' })).toContain(line);
  });

  it.each(['pve', 'https://', 'ftp://pve:8006', 'https://[fe80::1%25eth0]:8006'])(
    'that %s is no endpoint',
    async (endpoint) => {
      expect(await lastWords({ PVE_ENDPOINT: endpoint })).toContain(
        'ERROR Failed to create PVE client error="invalid endpoint URL"',
      );
    },
  );

  it('that credentials are missing, whole or half', async () => {
    const line = 'ERROR Failed to create PVE client error="credentials are required"';
    expect(await lastWords({ PVE_TOKEN_ID: undefined, PVE_TOKEN_SECRET: undefined })).toContain(line);
    expect(await lastWords({ PVE_TOKEN_SECRET: undefined })).toMatch(
      /credentials are required".*hint="PVE_TOKEN_SECRET is missing/,
    );
  });

  it('that nobody answers', async () => {
    const port = await freePort();
    const line = `ERROR Failed to connect error="dial tcp 127.0.0.1:${port}: connection refused"`;
    expect(await lastWords({ PVE_ENDPOINT: `https://127.0.0.1:${port}/api2` })).toContain(line);
  });

  it('that there is no such host', async () => {
    const line = 'ERROR Failed to connect error="dial tcp pve.invalid:8006: no such host"';
    expect(await lastWords({ PVE_ENDPOINT: 'https://pve.invalid:8006' })).toContain(line);
  });

  it('that somebody answers who says nothing', async () => {
    // It waits for 10 s. How long a dozen processes at once take until they are there is not its doing.
    let connectedAt = 0;
    const silent = createServer(() => {
      connectedAt ||= performance.now();
    });
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const address = silent.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    try {
      const line = `ERROR Failed to connect error="dial tcp 127.0.0.1:${port}: i/o timeout"`;
      const waited = (): number => (performance.now() - connectedAt) / 1000;
      expect(await lastWords({ PVE_ENDPOINT: `https://127.0.0.1:${port}` }, waited)).toContain(line);
    } finally {
      silent.close();
    }
  });

  it('that the certificate is signed by nobody it knows', async () => {
    const { cert: ca } = await makeCa();
    const address = new URL(sim.nodes[0]?.url ?? '').host;
    const line = `ERROR Failed to connect error="dial tcp ${address}: x509: certificate signed by unknown authority"`;
    expect(await lastWords({ PVE_CA_BUNDLE: undefined })).toContain(line);
    expect(await lastWords({ PVE_CA_BUNDLE: ca })).toContain(line);
  });

  it('that PVE refuses the token', async () => {
    const line = 'ERROR Failed to authenticate error="authentication failed: invalid credentials"';
    expect(await lastWords({ PVE_TOKEN_SECRET: 'a08ff49b-0000-4263-8716-c43069c43a8c' })).toContain(line);
    expect(await lastWords({ PVE_TOKEN_ID: 'root@pam' })).toContain(line);
  });

  it('that PVE refuses the password, or that it belongs to nobody', async () => {
    const line = 'ERROR Failed to authenticate error="authentication failed: invalid credentials"';
    const password = { PVE_TOKEN_ID: '', PVE_TOKEN_SECRET: '', PVE_USERNAME: 'root@pam', PVE_PASSWORD: 'wrong' };
    expect(await lastWords(password)).toContain(line);
    expect(await lastWords({ ...password, PVE_USERNAME: 'root' })).toContain(line);
  });

  it('that PVE wants TLS', async () => {
    const endpoint = (sim.nodes[0]?.url ?? '').replace('https:', 'http:');
    expect(await lastWords({ PVE_ENDPOINT: endpoint })).toMatch(
      /^ERROR Failed to connect error="PVE answered 301.*hint=.*https:/,
    );
  });

  it('which TLS file is missing, and what to do without any', async () => {
    const { cert: ca } = await makeCa();
    const folder = mkdtempSync(join(tmpdir(), 'vrtg-tls-'));
    const tls = { VIRTRIGAUD_TLS_DIR: folder, VIRTRIGAUD_PROVIDER_INSECURE: undefined };
    expect(await lastWords(tls)).toMatch(
      /tls\.crt, tls\.key and ca\.crt are missing.*VIRTRIGAUD_PROVIDER_INSECURE=true/,
    );
    writeFileSync(join(folder, 'ca.crt'), ca);
    expect(await lastWords({ ...tls, VIRTRIGAUD_PROVIDER_INSECURE: 'true' })).toMatch(/tls\.crt.*tls\.key/);
  });

  it('which setting is wrong', async () => {
    expect(await lastWords({ PVE_TASK_TIMEOUT: 'soon' })).toContain('ERROR Invalid setting error="PVE_TASK_TIMEOUT: ');
  });
});

describe('a provider that can start', () => {
  it('does so with the CA in a file or not verified at all, and any form of the endpoint', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'vrtg-ca-')), 'ca.pem');
    writeFileSync(file, sim.ca);
    const endpoint = sim.nodes[0]?.url ?? '';
    for (const change of [
      { PVE_CA_BUNDLE: file, PVE_ENDPOINT: `${endpoint}/api2` },
      { PVE_CA_BUNDLE: '', PVE_INSECURE_SKIP_VERIFY: 'true', PVE_ENDPOINT: `${endpoint}/api2/json/` },
      { PVE_CA_BUNDLE: '', TLS_INSECURE_SKIP_VERIFY: 'true', PVE_INSECURE_SKIP_VERIFY: 'false' },
    ]) {
      const provider = await startProviderProcess(sim, 0, change);
      expect(await provider.client.validate({})).toMatchObject({
        ok: true,
        message: expect.stringMatching(/^PVE 9\./),
      });
      expect(await provider.kill('SIGTERM')).toBe(0);
    }
  });

  it('prints its version, in every spelling of the flag', async () => {
    for (const flag of ['--version', '-version']) {
      const { code, lines } = await runToEnd([flag], {});
      expect(code).toBe(0);
      expect(lines).toEqual([expect.stringMatching(/^provider-proxmox \d+\.\d+\.\d+$/)]);
    }
  });

  it('serves health and metrics, and is ready only while it serves', async () => {
    const provider = await startProviderProcess(sim, 0);
    const page = async (path: string): Promise<string> => {
      const answer = await fetch(`http://127.0.0.1:${provider.healthPort}${path}`);
      return `${answer.status} ${await answer.text()}`;
    };
    await provider.client.validate({});
    expect(await page('/healthz')).toBe('200 ok');
    expect(await page('/readyz')).toBe('200 ready');
    expect(await page('/health')).toContain('"status":"healthy"');
    expect(await page('/metrics')).toMatch(/virtrigaud_provider_rpc_requests_total\{.*method="Validate",code="OK"\} 1/);
    await provider.kill('SIGTERM');
  });
});
