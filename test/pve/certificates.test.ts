import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parseEndpoint } from '#pve/connection/endpoint';
import type { Pve } from '#pve/connection/pve';
import { type GivenAuthorities, readAuthorities, watchAuthorities } from '#pve/reach/authorities';
import { createClock } from '#runtime/clock';
import { createLogger } from '#runtime/log';
import { type LeafOptions, makeCa, type Pem } from '../support/certificates.ts';
import { until } from '../support/until.ts';
import { call, connectTo, failureOf } from './scripted-pve.ts';

interface Host {
  readonly server: Server;
  readonly port: number;
  /** What each connection was begun with; false where no name was sent. */
  readonly names: (string | false | null)[];
}

async function startHost(pem: Pem, address = '127.0.0.1'): Promise<Host> {
  const names: (string | false | null)[] = [];
  const server = createServer(pem, (request, response) => {
    // As a request that takes its time, where it says so.
    const answer = (): void => void response.end('{"data":1}');
    if (request.url?.endsWith('/slow') === true) server.once('go-on', answer);
    else answer();
  });
  server.on('secureConnection', (socket) => names.push((socket as { servername?: string | false }).servername ?? null));
  server.listen(0, address);
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { server, port: (server.address() as AddressInfo).port, names };
}

function connectWith(url: string, fingerprint: string | undefined, ca: string | undefined, skipVerify = false): Pve {
  const endpoint = parseEndpoint(url);
  if (endpoint === undefined) throw new Error(`${url} is no endpoint`);
  const pve = connectTo(url, { endpoint: { ...endpoint, fingerprint }, ca, skipVerify });
  onTestFinished(async () => await pve.close());
  return pve;
}

const fingerprintOf = ({ cert }: Pem): string => new X509Certificate(cert).fingerprint256;

describe('a fingerprint', () => {
  test('that the certificate has is enough, whoever signed it and whatever name it has', async () => {
    const leaf = await (await makeCa()).leaf({ dns: ['elsewhere.example.com'] });
    const { port } = await startHost(leaf);
    const pve = connectWith(`https://127.0.0.1:${port}`, fingerprintOf(leaf), undefined);
    expect(await pve.get('/version', call())).toBe(1);
  });

  test.each([false, true])(
    'that the certificate does not have is not believed, be it signed by a known authority (skipped: %s)',
    async (skipVerify) => {
      const ca = await makeCa();
      const leaf = await ca.leaf({ ip: ['127.0.0.1'] });
      const { port } = await startHost(leaf);
      const expected = fingerprintOf(await ca.leaf({ ip: ['127.0.0.1'] }));
      const pve = connectWith(`https://127.0.0.1:${port}`, expected, ca.cert, skipVerify);
      const message = `POST /x: the certificate of 127.0.0.1:${port} has the fingerprint ${fingerprintOf(leaf)}, not ${expected}`;
      const error = await failureOf(pve.post('/x', call()));
      expect(error).toMatchObject({ outcome: 'not-sent', code: 'WRONG_CERTIFICATE', message });
    },
  );
});

describe('an IPv6 address', () => {
  const at = async (names: LeafOptions): Promise<{ host: Host; ca: string }> => {
    const ca = await makeCa();
    return { host: await startHost(await ca.leaf(names), '::1'), ca: ca.cert };
  };

  test('is dialled, verified by the address in the certificate, and not sent as a name', async () => {
    const { host, ca } = await at({ ip: ['::1'] });
    const pve = connectWith(`https://[0:0::1]:${host.port}/api2/json`, undefined, ca);
    expect(await pve.get('/version', call())).toBe(1);
    expect(host.names).toEqual([false]);
    expect(pve.endpoint.address).toBe(`[::1]:${host.port}`);
  });

  test('is not believed where the certificate has another address', async () => {
    const { host, ca } = await at({ ip: ['::2'], dns: ['::1'] });
    const pve = connectWith(`https://[::1]:${host.port}`, undefined, ca);
    const error = await failureOf(pve.get('/version', call()));
    expect(error).toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID', endpoint: `[::1]:${host.port}` });
  });
});

describe('A2: the CA bundle in a file', () => {
  function writeBundle(pem: string): { path: string; replace: (text: string) => void } {
    const folder = mkdtempSync(join(tmpdir(), 'vrtg-ca-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'bundle.pem');
    writeFileSync(path, pem);
    const replace = (text: string): void => {
      writeFileSync(`${path}.new`, text);
      renameSync(`${path}.new`, path);
    };
    return { path, replace };
  }

  test('is read again when it changes; what is in flight goes on, and a broken one changes nothing', async () => {
    const [old, next] = [await makeCa('old'), await makeCa('next')];
    const hosts = [
      await startHost(await old.leaf({ ip: ['127.0.0.1'] })),
      await startHost(await next.leaf({ ip: ['127.0.0.1'] })),
    ];
    const { path, replace } = writeBundle(old.cert);
    const log: string[] = [];
    const logger = createLogger({ write: (line) => void log.push(line) });
    const clock = createClock({ factor: 100 });
    const reach = (host: Host | undefined): Pve => {
      const ca = watchAuthorities(readAuthorities(path, '/nonexistent'), clock, logger);
      const pve = connectTo(`https://127.0.0.1:${host?.port ?? 0}`, { ca });
      onTestFinished(async () => await pve.close());
      return pve;
    };
    const [atOld, atNext] = [reach(hosts[0]), reach(hosts[1])];
    expect(await atOld.get('/version', call())).toBe(1);
    expect(await failureOf(atNext.get('/version', call()))).toMatchObject({ outcome: 'not-sent' });

    const slow = atOld.get('/slow', call());
    replace(`${next.cert}\n-----BEGIN CERTIFICATE-----\nhalf`);
    await until(
      async () => await Promise.resolve(log.join('')),
      (lines) => (lines.match(/WARN/g) ?? []).length === 2,
    );
    expect(log.join('')).toContain(`WARN CA bundle not reloaded, the old one stays file=${path}`);
    expect(await failureOf(atNext.get('/version', call()))).toMatchObject({ outcome: 'not-sent' });

    replace(next.cert);
    await until(
      async () => await atNext.get('/version', call()).catch(() => 'not yet'),
      (answer) => answer === 1,
    );
    hosts[0]?.server.emit('go-on');
    expect(await slow).toBe(1);
    expect(log.filter((line) => line.includes('INFO CA bundle reloaded')).length).toBeGreaterThan(0);
    // A new connection to the host of the old authority is not believed any more.
    hosts[0]?.server.closeIdleConnections();
    await until(
      async () => await atOld.get('/version', call()).catch((error: { code?: string }) => error.code),
      (answer) => typeof answer === 'string' && /UNABLE_TO_VERIFY|CERT_SIGNATURE/.test(answer),
    );
  });

  test.each([
    ['PEM text', (pem: string) => pem, true],
    ['the path of a file', (pem: string) => writeBundle(pem).path, true],
    ['a file without a certificate', () => writeBundle('nothing').path, false],
    ['a file of which half is missing', (pem: string) => writeBundle(pem.slice(0, 200)).path, false],
    ['a file that is not there', () => '/nonexistent/ca.pem', false],
  ])('may be %s', async (_what, given, isGood) => {
    const { cert } = await makeCa();
    const read = (): GivenAuthorities => readAuthorities(given(cert), '/nonexistent');
    const { raw } = new X509Certificate(cert);
    if (isGood) expect(new X509Certificate(read().pem ?? '').raw).toEqual(raw);
    else
      expect(read).toThrow(
        expect.objectContaining({ fields: expect.objectContaining({ error: 'invalid CA bundle' }) as object }),
      );
  });

  test('is that of the mounted secret, which is followed, too', async () => {
    const { cert } = await makeCa();
    const { path } = writeBundle(cert);
    renameSync(path, join(path, '../ca.crt'));
    expect(readAuthorities(cert, join(path, '..')).file).toBe(join(path, '../ca.crt'));
    expect(readAuthorities(cert, '/nonexistent').file).toBeUndefined();
  });
});
