import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startSimulator } from '#pve-sim/simulator';
import { PowerOp } from '#rpc/contract';
import { makeCa } from '../support/certificates.ts';
import { startConnectProxy } from '../support/connect-proxy.ts';
import { type Flow, type ProviderFlow, startFlow, startProviderFlow } from '../support/flow.ts';
import { startGateway } from '../support/gateway.ts';
import { outcomeOf } from '../support/outcome.ts';
import { forever } from '../support/stage.ts';
import { createRequest } from '../support/requests.ts';
import { until } from '../support/until.ts';
import { claimedVms, simWorld } from '../support/world.ts';

// The way to PVE: what stands on it, what is verified on it, and how it is written. Simulator only.

let flow: Flow;
beforeAll(async () => {
  flow = await startFlow({ simulator: { timeScale: 100 } });
});
afterAll(async () => await flow.stop());

const port = (index: number): number => Number(new URL(flow.sim.nodes[index]?.url ?? '').port);

async function reached(settings: Readonly<Record<string, string>>): Promise<ProviderFlow> {
  const provider = await startProviderFlow(flow.sim, settings);
  onTestFinished(async () => await provider.stop());
  return provider;
}

/** Fields of the line that a start ends with. */
async function lastWords(settings: Readonly<Record<string, string>>): Promise<Record<string, unknown>> {
  const failure: unknown = await startProviderFlow(flow.sim, settings).catch((error: unknown) => error);
  return { message: (failure as Error).message, ...(failure as { fields: Record<string, unknown> }).fields };
}

async function switchOn(provider: ProviderFlow) {
  return await outcomeOf(provider.client.power({ id: '100', op: PowerOp.ON }));
}

describe('A2: the CA in the mounted secret', () => {
  it('is trusted, and followed when it changes', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'vrtg-secret-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const mount = (pem: string): void => {
      writeFileSync(join(folder, 'new'), pem);
      renameSync(join(folder, 'new'), join(folder, 'ca.crt'));
    };
    mount(flow.sim.ca);
    const provider = await reached({ PVE_CA_BUNDLE: '', VIRTRIGAUD_CREDENTIALS_DIR: folder });
    expect(await switchOn(provider)).toMatchObject({ kind: 'ok' });
    const { cert: other } = await makeCa();
    mount(other);
    const ask = async () => await outcomeOf(provider.client.power({ id: '100', op: PowerOp.ON }));
    // As soon as the connections that stand have had their hundred answers.
    const { message } = await until(ask, ({ kind }) => kind === 'busy');
    expect(message).toMatch(/UNABLE_TO_VERIFY_LEAF_SIGNATURE|CERT_SIGNATURE_FAILURE|SELF_SIGNED_CERT/);
    mount(`${other}${flow.sim.ca}`);
    await until(ask, ({ kind }) => kind === 'ok');
    expect(provider.log.filter((line) => line.includes('CA bundle reloaded'))).toHaveLength(2);
  });
});

describe('A6: the endpoint', () => {
  it('is reached through the proxy of HTTPS_PROXY, which is named where it fails', async () => {
    const proxy = await startConnectProxy({ names: { pve1: port(0) }, account: 'somebody:hidden' });
    onTestFinished(async () => await proxy.stop());
    const settings = {
      PVE_ENDPOINT: `https://pve1:${port(0)}`,
      HTTPS_PROXY: `http://somebody:hidden@${proxy.address}`,
      NO_PROXY: 'pve2,10.0.0.0/8',
    };
    const provider = await reached(settings);
    const { id } = await provider.client.create(createRequest({ name: 'proxied' }));
    expect((await claimedVms(simWorld(flow.sim), 'proxied')).map(({ vmid }) => String(vmid))).toEqual([id]);
    expect(new Set(proxy.asked)).toEqual(new Set([`CONNECT pve1:${port(0)}`]));
    expect(provider.log.join('')).toContain(
      `INFO PVE is reached through a proxy endpoint=pve1:${port(0)} proxy=${proxy.address}`,
    );

    proxy.refuse(403);
    const told = `the proxy ${proxy.address} answered 403 Not now. Check HTTPS_PROXY`;
    const { message } = await until(
      async () => await switchOn(provider),
      ({ kind }) => kind === 'busy',
    );
    expect(message).toContain(told);
    expect(provider.log.join('')).not.toContain('hidden');
    expect(await lastWords(settings)).toMatchObject({
      message: 'Failed to connect',
      error: `proxyconnect tcp: ${proxy.address}: 403 Not now`,
    });
    expect(await lastWords({ ...settings, HTTPS_PROXY: 'http://somebody:hidden@127.0.0.1:1' })).toEqual({
      message: 'Failed to connect',
      error: 'proxyconnect tcp: 127.0.0.1:1: connection refused',
      proxy: '127.0.0.1:1',
      endpoint: `https://pve1:${port(0)}`,
      hint: expect.stringContaining('HTTPS_PROXY') as string,
    });
  });

  it('may lie behind a path of a gateway, whose own answers are not taken for those of PVE', async () => {
    const plain = await startSimulator({ cluster: 'three-node', timeScale: 100, port: 0, tls: false });
    onTestFinished(async () => await plain.stop());
    const gateway = await startGateway('/clusters/a', plain.nodes[0]?.url ?? '');
    onTestFinished(async () => await gateway.stop());
    const credentials = { PVE_TOKEN_ID: plain.token.id, PVE_TOKEN_SECRET: plain.token.secret };
    const provider = await reached({ ...credentials, PVE_ENDPOINT: `${gateway.url}/clusters/a/api2/json/` });
    const { consoleUrl } = await provider.client.describe({ id: '100' });
    expect(consoleUrl).toMatch(new RegExp(`^${gateway.url}/clusters/a/\\?console=kvm`));
    expect(gateway.asked.filter((path) => !path.startsWith('/clusters/a/api2/json/'))).toEqual([]);

    await plain.setDaemon('pve1', 'api', 'stopped');
    expect(await switchOn(provider)).toMatchObject({
      kind: 'busy',
      message: expect.stringContaining('(502)') as string,
    });
    const address = new URL(gateway.url).host;
    expect(await lastWords({ ...credentials, PVE_ENDPOINT: `${gateway.url}/clusters/a` })).toMatchObject({
      error: `dial tcp ${address}: bad gateway`,
    });
    expect(await lastWords({ ...credentials, PVE_ENDPOINT: gateway.url })).toMatchObject({
      error: `dial tcp ${address}: not a PVE API`,
      hint: expect.stringContaining('path') as string,
    });
  });

  it('may be an IPv6 address, in brackets wherever it is shown', async () => {
    const sim = await startSimulator({ cluster: 'one-node', timeScale: 100, port: 0, host: '::1' });
    onTestFinished(async () => await sim.stop());
    const url = sim.nodes[0]?.url ?? '';
    const { host } = new URL(url);
    expect(host).toMatch(/^\[::1\]:\d+$/);
    const settings = {
      PVE_ENDPOINT: url,
      PVE_CA_BUNDLE: sim.ca,
      PVE_TOKEN_ID: sim.token.id,
      PVE_TOKEN_SECRET: sim.token.secret,
    };
    const provider = await reached(settings);
    expect((await provider.client.describe({ id: '9001' })).consoleUrl).toContain(`https://${host}/?console=`);
    expect((await provider.client.validate({})).message).toContain(`at ${host}`);
    await sim.setDaemon('pve', 'api', 'stopped');
    expect(await lastWords(settings)).toMatchObject({ error: `dial tcp ${host}: connection refused` });
  });

  it('is known by the fingerprint of its certificate, without any CA', async () => {
    const nodes = (await flow.pve.get('/nodes', forever)) as { node: string; ssl_fingerprint: string }[];
    const [first = '', second = ''] = ['pve1', 'pve2'].map(
      (name) => nodes.find(({ node }) => node === name)?.ssl_fingerprint,
    );
    const settings = {
      PVE_CA_BUNDLE: '',
      PVE_ENDPOINT: `https://127.0.0.1:${port(0)},https://127.0.0.1:${port(1)}`,
      PVE_FINGERPRINT: `${first.replaceAll(':', '').toLowerCase()},${second}`,
    };
    const provider = await reached(settings);
    expect(await switchOn(provider)).toMatchObject({ kind: 'ok' });
    expect(provider.log.filter((line) => line.includes('is of no use now'))).toEqual([]);

    const [, one] = settings.PVE_ENDPOINT.split(',');
    expect(await lastWords({ ...settings, PVE_ENDPOINT: one ?? '', PVE_FINGERPRINT: first })).toEqual({
      message: 'Failed to connect',
      error: `dial tcp 127.0.0.1:${port(1)}: x509: certificate with another fingerprint`,
      endpoint: one,
      expected: first,
      seen: second,
      hint: expect.stringContaining('PVE_FINGERPRINT') as string,
    });
    expect(await lastWords({ ...settings, PVE_FINGERPRINT: first })).toMatchObject({
      error: '1 fingerprint for 2 endpoints',
    });
  });
});
